// Proves the provider itself, so that a red Rust test speaks of tidp and not of this.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { payloadOf, halfHash } from './tokens.mjs';

const DAY = 86_400;
const REDIRECT = 'http://127.0.0.1:49152/callback';
const VERIFIER = 'v'.repeat(43);
let child;
let issuer;
let clients;

before(async () => {
  child = spawn(process.execPath, [new URL('provider.mjs', import.meta.url).pathname], { stdio: ['pipe', 'pipe', 'ignore'] });
  for await (const line of createInterface({ input: child.stdout })) {
    ({ issuer, clients } = JSON.parse(line));
    break;
  }
});
after(() => child.stdin.end());

const control = async (path, body = {}) =>
  (await fetch(`${issuer}/control${path}`, { method: 'POST', body: JSON.stringify(body) })).json();

/** Follows redirects with a cookie jar up to the redirect URI; gives its parameters. */
async function authorize(clientId, extra = {}) {
  const query = new URLSearchParams({
    client_id: clientId,
    redirect_uri: REDIRECT,
    response_type: 'code',
    scope: 'openid profile offline_access',
    state: 'a state',
    nonce: 'a nonce',
    code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'),
    code_challenge_method: 'S256',
    ...extra,
  });
  const jar = new Map();
  let url = `${issuer}/connect/authorize?${query}`;
  while (!url.startsWith(REDIRECT)) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { redirect: 'manual', headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      jar.set(name, value);
    }
    assert.equal(response.status, 303, await response.text());
    url = new URL(response.headers.get('location'), url).href;
  }
  return Object.fromEntries(new URL(url).searchParams);
}

async function post(path, clientId, parameters) {
  const { client_secret: secret } = clients.find((client) => client.client_id === clientId);
  const headers = {};
  if (secret) {
    const form = (text) => new URLSearchParams({ '': text }).toString().slice(1);
    headers.authorization = `Basic ${Buffer.from(`${form(clientId)}:${form(secret)}`).toString('base64')}`;
  } else {
    parameters = { client_id: clientId, ...parameters };
  }
  const response = await fetch(`${issuer}${path}`, { method: 'POST', headers, body: new URLSearchParams(parameters) });
  return { status: response.status, ...(await response.json()) };
}

const tokenRequest = (clientId, parameters) => post('/connect/token', clientId, parameters);
const login = async (clientId) =>
  tokenRequest(clientId, {
    grant_type: 'authorization_code',
    code: (await authorize(clientId)).code,
    redirect_uri: REDIRECT,
    code_verifier: VERIFIER,
  });
const refresh = (clientId, handle) => tokenRequest(clientId, { grant_type: 'refresh_token', refresh_token: handle });
const advance = (seconds) => control('/clock', { advance: seconds });

test('a client without refresh gets no refresh token although it asks for offline access', async () => {
  const answer = await login('provider-public');
  assert.equal(answer.status, 200);
  assert.equal(answer.refresh_token, undefined);
});

for (const [client, lifetime, sliding] of [
  ['provider-mobile', 90 * DAY, true],
  ['provider-public-with-refresh', 600, true],
  ['provider-web', 600, true],
  ['provider-confidential', 14 * DAY, false],
]) {
  for (const mode of ['rotate', 'reuse']) {
    test(`${client} keeps its policy to the second (${mode})`, async () => {
      await control('/refresh-tokens', { mode });
      await control('/clock', { freeze: true });
      const first = await login(client);
      await advance(lifetime - 1);
      const second = await refresh(client, first.refresh_token);
      assert.equal(second.status, 200);
      assert.equal(second.refresh_token === first.refresh_token, mode === 'reuse');
      await advance(sliding ? lifetime - 1 : 0);
      const third = await refresh(client, second.refresh_token);
      assert.equal(third.status, 200, 'alive a second before its end');
      await advance(sliding ? lifetime : 1);
      const { status, error } = await refresh(client, third.refresh_token);
      assert.deepEqual({ status, error }, { status: 400, error: 'invalid_grant' });
    });
  }
}

test('with the SSO session ended a refresh gives no new refresh token and the old one keeps its end', async () => {
  await control('/refresh-tokens', { mode: 'rotate' });
  const first = await login('provider-web');
  await control('/sso/end');
  await advance(300);
  const second = await refresh('provider-web', first.refresh_token);
  assert.equal(second.status, 200);
  assert.equal(second.refresh_token, undefined);
  await advance(299);
  assert.equal((await refresh('provider-web', first.refresh_token)).status, 200);
  await advance(1);
  assert.equal((await refresh('provider-web', first.refresh_token)).status, 400);
});

test('the tokens are shaped as in the guide', async () => {
  const answer = await login('provider-mobile');
  const [access, id] = [payloadOf(answer.access_token), payloadOf(answer.id_token)];
  assert.deepEqual(access.scope, ['openid', 'profile', 'offline_access']);
  assert.equal(id.exp - id.iat, 300);
  assert.equal(id.nbf, id.iat);
  assert.equal(id.at_hash, halfHash(answer.access_token));
  assert.equal(id.s_hash, halfHash('a state'));
  assert.equal(id.nonce, 'a nonce');
  assert.equal(id.sub, access.sub);
  const headers = { authorization: `Bearer ${answer.access_token}` };
  const userinfo = await (await fetch(`${issuer}/connect/userinfo`, { headers })).json();
  assert.equal(userinfo.sub, id.sub);
  assert.equal(payloadOf((await refresh('provider-mobile', answer.refresh_token)).id_token).nonce, undefined);
});

test('unknown scopes are refused, and prompt=none without a session', async () => {
  assert.equal((await authorize('provider-mobile', { scope: 'openid nonsense' })).error, 'invalid_scope');
  assert.equal((await authorize('provider-mobile', { prompt: 'none' })).error, 'login_required');
});

test('the logout without a browser ends the SSO session, and says so when there was none', async () => {
  const { id_token: hint } = await login('provider-mobile');
  const logout = async (body) => {
    const response = await fetch(`${issuer}/connect/custom_logout`, { method: 'POST', body: JSON.stringify(body) });
    return `${response.status} ${await response.text()}`;
  };
  assert.match(await logout({ state: 'x' }), /^400/);
  assert.match(await logout({ id_token_hint: `${hint.slice(0, -4)}AAAA` }), /^401/);
  assert.equal(await logout({ id_token_hint: hint, state: 'x' }), '200 {"state":"x"}');
  assert.equal(await logout({ id_token_hint: hint, state: 'x' }), '200 Already logged out');
});

test('a login in Vipps needs its scopes and a known phone, and waits for the decision', async () => {
  const client = 'provider-confidential';
  const begin = (scope, phone) => post('/connect/ciba', client, { scope, login_hint: phone });
  assert.equal((await begin('openid phone', '+4790000000')).error, 'invalid_scope');
  assert.equal((await begin('vipps phone openid', '+4790000001')).error, 'unknown_user_id');
  for (const [approve, outcome] of [[true, undefined], [false, 'access_denied']]) {
    const { auth_req_id: id, expires_in: lifetime, interval } = await begin('vipps phone openid', '+4790000000');
    assert.deepEqual({ lifetime, interval }, { lifetime: 300, interval: 5 });
    const poll = () => tokenRequest(client, { grant_type: 'urn:openid:params:grant-type:ciba', auth_req_id: id });
    assert.equal((await poll()).error, 'authorization_pending');
    assert.equal((await poll()).error, 'slow_down');
    await control('/backchannel', { approve });
    const answer = await poll();
    assert.equal(answer.error, outcome);
    assert.equal(typeof answer.id_token, approve ? 'string' : 'undefined');
    assert.equal((await poll()).error, 'invalid_grant');
  }
});
