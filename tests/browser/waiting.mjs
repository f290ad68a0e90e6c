// The console's waiting logins in Chromium: `node waiting.mjs '{"issuer", "shots"}'`. Devices and a backend ask for logins, a
// person approves and denies them there. Prints what a test judges as JSON.

import { launch } from './login.mjs';

const { issuer, shots } = JSON.parse(process.argv[2]);
const post = async (path, form) => (await fetch(issuer + path, { method: 'POST', body: new URLSearchParams(form) })).json();

const CLIENT = { client_id: 'sandbox-mobile' };
const device = () => post('/connect/deviceauthorization', { ...CLIENT, scope: 'openid' });
const backend = { client_id: 'sandbox-confidential', client_secret: 'sandbox-secret', scope: 'openid vipps phone' };

/** `Bearer`, or why there is no token. */
async function poll({ device_code }) {
  const answer = await post('/connect/token', {
    ...CLIENT,
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code,
  });
  return answer.error ?? answer.token_type;
}

const browser = await launch();
const open = async (options) => {
  const page = await (await browser.newContext(options)).newPage();
  await page.goto(issuer);
  return page;
};

const page = await open({ locale: 'en-GB' });
const [approved, denied] = [await device(), await device()];
await post('/connect/ciba', { ...backend, login_hint: '4700000002', binding_message: 'WARM LYNX' });
await page.locator('.waiting').nth(2).waitFor();
const result = { waiting: await page.locator('.waiting').allInnerTexts(), looks: [] };

for (const [width, colorScheme, locale] of [[360, 'dark', 'nb-NO'], [1400, 'light', 'en-GB']]) {
  const view = await open({ colorScheme, locale, viewport: { width, height: 900 } });
  await view.locator('.waiting').nth(2).waitFor();
  const overflow = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
  result.looks.push({ overflow: await view.evaluate(overflow), text: await view.locator('#logins').innerText() });
  await view.screenshot({ path: `${shots}/console-waiting-${width}-${colorScheme}.png` });
}

const row = (code) => page.locator('.waiting', { hasText: code });
const decide = async ({ user_code }, name) => {
  await row(user_code).getByRole('button', { name }).click();
  await row(user_code).waitFor({ state: 'detached' });
};
await row(approved.user_code).getByRole('combobox').selectOption('ola');
await decide(approved, 'Approve');
await decide(denied, 'Deny');
await post('/sandbox/logins/approve', {}); // elsewhere
await page.locator('.waiting').waitFor({ state: 'detached' });
result.polled = [await poll(approved), await poll(denied)];
await page.locator('.session', { hasText: 'ola' }).waitFor();
await browser.close();
console.log(JSON.stringify(result));
