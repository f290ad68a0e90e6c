// Two client libraries live through a ten-minute policy while the console moves the clock or ages the sessions: `node libraries.mjs '{"issuer"}'`.
// `oidc-client-ts` runs as a single-page application in Chromium, `openid-client` as a server here. Prints what each got and
// what the console said about it.

import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import * as openid from 'openid-client';
import { launch } from './login.mjs';

const { issuer, spa, server } = JSON.parse(process.argv[2]);
const browser = await launch();
const context = await browser.newContext({ locale: 'en-GB' });
const desk = await context.newPage();
await desk.goto(issuer);

const press = async (name) => {
  const answered = desk.waitForResponse((response) => response.request().method() === 'POST');
  await desk.getByRole('button', { name, exact: true }).click();
  await answered;
};

/** Why the console says that this client's session was last refused, once it says `about`. */
async function refusal(client, about) {
  const reason = desk.locator('.session', { hasText: client }).locator('.refusal .reason', { hasText: about });
  await reason.first().waitFor();
  return reason.first().innerText();
}

/** What the console's latest request of this client says. */
async function latest(client, about) {
  const row = desk.locator('#requests > li', { hasText: client }).filter({ hasText: about });
  await row.first().waitFor();
  return row.first().locator('.reason').innerText();
}

/** The error code that a promise is rejected with. */
const errorOf = (promise) => promise.then(() => 'none', (error) => error.error ?? String(error));

// ── a single-page application ──────────────────────────────────────────────────────────────────────────────────────
async function singlePage() {
  const script = readFileSync(new URL('node_modules/oidc-client-ts/dist/esm/oidc-client-ts.js', import.meta.url));
  const decode = readFileSync(new URL('node_modules/jwt-decode/build/esm/index.js', import.meta.url));
  const files = { '/oidc-client-ts.js': script, '/jwt-decode.js': decode };
  const page = `<!doctype html><script type="importmap">{"imports":{"jwt-decode":"/jwt-decode.js"}}</script>
    <script type="module">import * as oidc from '/oidc-client-ts.js'; window.oidc = oidc;</script>`;
  const site = createServer((request, response) => {
    const file = files[request.url];
    response.setHeader('Content-Type', file ? 'text/javascript' : 'text/html').end(file ?? page);
  });
  const { port, host } = new URL(spa.redirect_uri);
  await new Promise((ready) => site.listen(port, 'localhost', ready));
  const app = await context.newPage();
  const begin = async () => {
    await app.waitForFunction(() => window.oidc);
    await app.evaluate(
      (settings) => {
        window.users = new oidc.UserManager({ ...settings, automaticSilentRenew: false });
      },
      { authority: issuer, client_id: spa.client_id, redirect_uri: spa.redirect_uri, scope: 'openid offline_access' },
    );
  };
  await app.goto(`http://${host}/`);
  await begin();
  await app.evaluate(() => void window.users.signinRedirect()); // it leaves the page
  await app.waitForURL((url) => url.searchParams.has('code'));
  await begin();
  const loggedIn = await app.evaluate(async () => (await window.users.signinCallback()).profile.sub.length > 0);
  const renew = () =>
    app.evaluate(() => window.users.signinSilent().then(() => 'renewed', (error) => error.error ?? String(error)));

  await press('+1 min');
  const first = await app.evaluate(async () => (await window.users.getUser()).refresh_token);
  const seen = { loggedIn, renewed: await renew() };
  seen.renewedWhy = await latest(spa.client_id, 'renewed');
  // A second tab still has the first refresh token.
  await app.evaluate(async (token) => {
    const user = await window.users.getUser();
    window.kept = user.refresh_token;
    user.refresh_token = token;
    await window.users.storeUser(user);
  }, first);
  seen.used = await renew();
  seen.usedWhy = await refusal(spa.client_id, 'rotation');
  await app.evaluate(async () => {
    const user = await window.users.getUser();
    user.refresh_token = window.kept;
    await window.users.storeUser(user);
  });
  await press('+10 min');
  seen.expired = await renew();
  seen.expiredWhy = await refusal(spa.client_id, 'expired');
  site.close();
  return seen;
}

// ── a server ───────────────────────────────────────────────────────────────────────────────────────────────────────
async function onServer() {
  const options = { execute: [openid.allowInsecureRequests] };
  const auth = server.client_secret ? openid.ClientSecretPost(server.client_secret) : openid.None();
  // It checks ID tokens by its own clock, so the sessions are aged instead of the sandbox's clock moved.
  const metadata = { client_secret: server.client_secret };
  await fetch(`${issuer}/sandbox/clock`, { method: 'POST', body: '{"offset":0}' });
  await desk.getByRole('checkbox', { name: 'age the sessions' }).check();
  const config = await openid.discovery(new URL(issuer), server.client_id, metadata, auth, options);
  const verifier = openid.randomPKCECodeVerifier();
  const url = openid.buildAuthorizationUrl(config, {
    redirect_uri: server.redirect_uri,
    scope: 'openid offline_access',
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  });
  const { headers } = await fetch(url, { redirect: 'manual' });
  const tokens = await openid.authorizationCodeGrant(config, new URL(headers.get('location')), { pkceCodeVerifier: verifier });
  const refresh = (token) => openid.refreshTokenGrant(config, token);
  await press('+1 min');
  const renewed = await refresh(tokens.refresh_token);
  const seen = { renewed: renewed.refresh_token !== tokens.refresh_token };
  seen.used = await errorOf(refresh(tokens.refresh_token));
  seen.usedWhy = await refusal(server.client_id, 'rotation');
  await press('End SSO');
  const last = await refresh(renewed.refresh_token);
  seen.withoutSso = last.refresh_token ?? 'none';
  seen.withoutSsoWhy = await latest(server.client_id, 'no new refresh token:');
  await press('+10 min');
  seen.expired = await errorOf(refresh(renewed.refresh_token));
  seen.expiredWhy = await refusal(server.client_id, 'expired');
  return seen;
}

const result = { spa: await singlePage(), server: await onServer() };
await browser.close();
console.log(JSON.stringify(result));
