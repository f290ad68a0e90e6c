// The sandbox's console in Chromium: `node console.mjs '{"issuer", "console", "shots"}'`. Plays an app that lives through a
// ten-minute policy, moves the clock with the console's buttons, and prints what a test judges as JSON.

import { createHash, randomBytes } from 'node:crypto';
import { launch } from './login.mjs';

const { issuer, console: address = issuer, shots, picture } = JSON.parse(process.argv[2]);
const REDIRECT = 'http://localhost:5173/callback';
const post = (path, body) => fetch(issuer + path, { method: 'POST', body });

/** The token response for a login of that client without a page. */
async function logIn(client, secret = {}, redirect_uri = REDIRECT) {
  const code_verifier = randomBytes(32).toString('base64url');
  const code_challenge = createHash('sha256').update(code_verifier).digest('base64url');
  const asked = { client_id: client, redirect_uri, response_type: 'code', scope: 'openid profile offline_access' };
  const query = new URLSearchParams({ ...asked, code_challenge, code_challenge_method: 'S256' });
  const { headers } = await fetch(`${issuer}/connect/authorize?${query}`, { redirect: 'manual' });
  const code = new URL(headers.get('location')).searchParams.get('code');
  const form = { grant_type: 'authorization_code', client_id: client, code, redirect_uri, code_verifier, ...secret };
  return (await post('/connect/token', new URLSearchParams(form))).json();
}

const refresh = async (client, refresh_token) =>
  (await post('/connect/token', new URLSearchParams({ grant_type: 'refresh_token', client_id: client, refresh_token }))).json();

const browser = await launch();

async function open({ width = 1400, height = 1000, colorScheme = 'light', locale = 'en-GB', url = address } = {}) {
  const context = await browser.newContext({ colorScheme, locale, viewport: { width, height }, timezoneId: 'Europe/Oslo' });
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: issuer });
  const page = await context.newPage();
  page.complaints = [];
  page.origins = new Set();
  page.on('request', (request) => page.origins.add(new URL(request.url()).origin));
  page.on('console', (message) => page.complaints.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => page.complaints.push(`pageerror: ${error.message}`));
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener('securitypolicyviolation', (event) => window.violations.push(event.violatedDirective));
  });
  await page.goto(url);
  return page;
}

const texts = (page, selector) => page.locator(selector).allInnerTexts();
const result = {};

// ── a person watches while the app lives ───────────────────────────────────────────────────────────────────────────
const page = await open();
result.empty = await page.locator('#sessions .empty').innerText();
const press = async (name) => {
  const answered = page.waitForResponse((response) => response.request().method() === 'POST');
  await page.getByRole('button', { name, exact: true }).click();
  await answered;
};
const client = 'sandbox-public-with-refresh';
let tokens = await logIn(client);
await page.locator('.session').waitFor();
result.started = await page.locator('.session .headline').innerText();
for (const _ of [1, 2, 3, 4]) await press('+1 min');
const first = tokens.refresh_token;
tokens = await refresh(client, first);
await page.locator('.bar .mark[data-kind=renewed]').waitFor();
await press('+1 min');
await refresh(client, first); // a second tab, with the used one
await page.locator('.refusal').waitFor();
result.used = await page.locator('.refusal .reason').innerText();
for (const _ of [1, 2, 3]) await press('+1 min');
await press('End SSO');
await page.locator('.hint.sso').waitFor();
result.sso = await page.locator('.hint.sso').innerText();
await refresh(client, tokens.refresh_token);
await page.locator('.bar .mark[data-kind=refreshed]').waitFor();
result.refusalsAfterSuccess = await page.locator('.refusal').count();
result.noNewOne = (await texts(page, '#requests .reason'))[0];
await press('+10 min');
await page.locator('.session.over').waitFor();
await refresh(client, tokens.refresh_token);
await page.locator('.refusal .reason', { hasText: 'expired' }).waitFor();
result.expired = await page.locator('.refusal .reason').innerText();
result.marks = await page.locator('.bar .mark').evaluateAll((marks) => marks.map((mark) => mark.dataset.kind));
result.barLabel = await page.locator('.bar').getAttribute('aria-label');

// ── keyboard ───────────────────────────────────────────────────────────────────────────────────────────────────────
await page.locator('.bar .mark[data-kind=refused]').last().focus();
await page.keyboard.press('Enter');
result.focusAfterMark = await page.evaluate(() => document.activeElement.dataset.kind);
await page.locator('[data-advance="60"]').focus();
const order = [];
for (let i = 0; i < 9; i += 1) {
  order.push(await page.evaluate(() => document.activeElement.textContent || document.activeElement.name));
  await page.keyboard.press('Tab');
}
result.tabOrder = order;
result.focusIsVisible = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle !== 'none');

// ── the other buttons ──────────────────────────────────────────────────────────────────────────────────────────────
const keysInBrowser = () =>
  page.evaluate(async () => (await (await fetch('/.well-known/openid-configuration/jwks')).json()).keys.length);
result.keysInBrowser = [await keysInBrowser()];
await press('Rotate keys');
await page.locator('#done', { hasText: 'key' }).waitFor();
result.keysInBrowser.push(await keysInBrowser());
result.keys = (await (await fetch(`${issuer}/.well-known/openid-configuration/jwks`)).json()).keys.length;
await page.locator('#fail [name=times]').fill('2');
await page.locator('#fail [name=endpoint]').selectOption('userinfo');
await press('Plan');
await page.locator('#done', { hasText: 'userinfo' }).waitFor();
const userinfo = async () => (await fetch(`${issuer}/connect/userinfo`)).status;
result.failed = [await userinfo(), await userinfo(), await userinfo()];
const mobile = await logIn('sandbox-mobile', {}, 'http://127.0.0.1:4000/callback');
await logIn('sandbox-confidential', { client_secret: 'sandbox-secret' }, 'http://127.0.0.1:4000/callback');
await press('Revoke all refresh tokens');
await page.locator('#done', { hasText: 'revoked: 3' }).waitFor();
await refresh('sandbox-mobile', mobile.refresh_token);
await page.locator('.refusal .reason', { hasText: 'revoked' }).waitFor();
await press('+1 h');
await press('+1 day');
await page.locator('#offset', { hasText: '1 day 1 h' }).waitFor();
result.lastTime = (await texts(page, '#requests time')).at(-1);
await post('/sandbox/clock', '{"freeze":true}');
await page.locator('#offset', { hasText: /^stopped$/ }).waitFor();
const stoppedAt = await page.locator('#now').innerText();
await page.waitForTimeout(1500);
result.stopped = [stoppedAt, await page.locator('#now').innerText()];
await post('/sandbox/clock', '{"freeze":false}');
await page.locator('#offset', { hasText: '1 day 1 h' }).waitFor();
await post('/sandbox/clock', '{"advance":1,"freeze":true}');
await page.locator('#requests .reason', { hasText: 'give one of' }).waitFor();
result.refusedControl = (await texts(page, '#requests .what b'))[0];
const clock = await (await fetch(`${issuer}/sandbox`)).json();
result.offset = clock.clock.offset;
await page.locator('#only-refused').check();
result.onlyRefused = await page.locator('#requests > li').evaluateAll((rows) => rows.map((row) => row.dataset.kind));
await page.locator('#only-refused').uncheck();

// ── settings ───────────────────────────────────────────────────────────────────────────────────────────────────────
await page.locator('#client').selectOption('sandbox-confidential');
result.settings = {};
for (const library of await texts(page, '#library option')) {
  await page.locator('#library').selectOption(library);
  result.settings[library] = await page.locator('.code pre').innerText();
}
await page.locator('.code .copy').click();
await page.locator('.code .copy', { hasText: 'Copied' }).waitFor();
result.copied = await page.evaluate(() => navigator.clipboard.readText());
result.url = page.url();
result.secret = await page.locator('#settings dl').innerText();

// ── all widths, schemes and languages ──────────────────────────────────────────────────────────────────────────────
await post('/sandbox/clock', '{"advance":5}');
let web = await logIn(client);
for (const seconds of [150, 200]) {
  await post('/sandbox/clock', JSON.stringify({ advance: seconds }));
  web = await refresh(client, web.refresh_token);
}
const old = web.refresh_token;
await post('/sandbox/clock', '{"advance":120}');
await refresh(client, old);
await post('/sandbox/clock', '{"advance":75}');
await refresh(client, old);
result.looks = [];
result.complaints = [...page.complaints];
result.violations = await page.evaluate(() => window.violations);
result.origins = [...page.origins];
for (const width of [360, 800, 1400]) {
  for (const colorScheme of ['light', 'dark']) {
    for (const locale of ['en-GB', 'nb-NO']) {
      const view = await open({ width, height: 1300, colorScheme, locale });
      await view.locator('.session').first().waitFor();
      const look = await view.evaluate(() => ({
        lang: document.documentElement.lang,
        title: document.querySelector('h1').textContent,
        overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        spilled: [...document.querySelectorAll('article *')].filter(
          (part) => part.getBoundingClientRect().right > part.closest('article').getBoundingClientRect().right,
        ).length,
        background: getComputedStyle(document.body).backgroundColor,
        violations: window.violations,
        text: document.body.innerText,
        reason: document.querySelector('.refusal .reason').textContent,
      }));
      result.looks.push({ width, colorScheme, complaints: view.complaints, ...look });
      if (shots) await view.screenshot({ path: `${shots}/console-${width}-${colorScheme}-${look.lang}.png` });
      await view.context().close();
    }
  }
}
if (picture) {
  const view = await open({ width: 1180, height: 640 });
  await view.locator('.session').first().waitFor();
  await view.screenshot({ path: picture });
}
await post('/sandbox/clients', JSON.stringify({ client_id: "it's-$x", client_type: 'PublicWithRefresh' }));
const keyed = await open({ url: `${issuer}/` });
await keyed.locator('#client').waitFor();
result.startsWith = await keyed.locator('#client').inputValue();
result.quoted = [];
for (const library of ['AppAuth', 'oidc-client-ts']) {
  await keyed.locator('#library').selectOption(library);
  result.quoted.push(await keyed.locator('.code pre').innerText());
}
await keyed.evaluate(() => (location.hash = '#key=another'));
for (let i = 0; i < 100 && result.newKey !== 'another'; i += 1) {
  await keyed.waitForTimeout(50);
  result.newKey = await keyed.evaluate(() => sessionStorage.getItem('key')).catch(() => null); // while it reloads
}
const elsewhere = await open({ url: `${issuer.replace('127.0.0.1', 'localhost')}/` });
result.elsewhere = elsewhere.url();
await browser.close();
console.log(JSON.stringify(result));
