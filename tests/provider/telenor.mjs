// oidc-provider bent to what TelenorID+'s guide says. Each bend is named where it is made.

import Provider, { errors, interactionPolicy } from 'oidc-provider';
import { backchannelAnswer, backchannelLifetime, backchannelLogins } from './ciba.mjs';
import { CLIENTS, POLICIES, redirectAllowed } from './policies.mjs';
import { halfHash, pairwise, payloadOf, sidOf, signed } from './tokens.mjs';

const DAY = 86_400;
const IDENTITY_SCOPES = ['ial0', 'ial1', 'ial2', 'extsub', 'vipps'];
export const SCOPES = ['openid', 'profile', 'email', 'phone', 'offline_access', ...IDENTITY_SCOPES, 'api:demo'];
export const ACCOUNT = 'ola.nordmann@example.no';
const PHONE = '+4790000000';

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const CIBA_GRANT = 'urn:openid:params:grant-type:ciba';

const now = () => Math.floor(Date.now() / 1000);
const clientOf = (id) => CLIENTS.find((client) => client.client_id === id);
const policyOf = (id) => POLICIES[clientOf(id).policy];

/** A provider over `store`, signing with the first of `keys`; `settings` are read anew for each request. */
export function telenorProvider(issuer, store, keys, settings) {
  const provider = new Provider(issuer, configuration(issuer, store, keys, settings));
  provider.Client.prototype.redirectUriAllowed = function allowed(uri) {
    return redirectAllowed(this.redirectUris, uri);
  };
  const { find } = provider.Client;
  provider.Client.find = async function found(id) {
    const client = await find.call(this, id);
    if (client) client.subjectType = 'pairwise'; // its schema allows this to no public client with the device flow
    return client;
  };
  const memory = { states: new Map(), polls: new Map() };
  writeAccessTokens(provider, settings, keys[0], issuer);
  writeIdTokens(provider, keys[0], memory);
  provider.use((ctx, next) => aroundEachRequest(ctx, next, memory));
  provider.on('authorization.success', (ctx, out) => out?.code && memory.states.set(out.code, out.state));
  return provider;
}

function configuration(issuer, store, keys, settings) {
  return {
    adapter: store.adapter,
    jwks: { keys },
    clients: CLIENTS.map(registration),
    scopes: SCOPES,
    claims: {
      openid: ['sub', 'ial', 'idp'],
      profile: ['given_name', 'family_name', 'preferred_username', 'analytics_uuid'],
      email: ['email'],
      phone: ['phone_number'],
    },
    conformIdTokenClaims: false,
    clientBasedCORS: () => true,
    clockTolerance: 0, // an end is an end, to the second
    cookies: { keys: ['not a secret'] },
    discovery: { custom_logout_endpoint: `${issuer}/connect/custom_logout` },
    enabledJWA: { idTokenSigningAlgValues: ['RS256'] },
    expiresWithSession: () => false,
    features: {
      ciba: backchannelLogins(settings.undecided, (phone) => (phone === PHONE ? ACCOUNT : undefined)),
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      deviceFlow: { enabled: true, charset: 'digits', mask: '*** *** ***' },
      introspection: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => settings.introspection === 'own' && token.clientId === client.clientId,
      },
      revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
      rpInitiatedLogout: { enabled: true },
    },
    findAccount: (_ctx, account) => ({ accountId: account, claims: () => claims(account) }),
    interactions: { policy: interactions(), url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    issueRefreshToken: (_ctx, client, code) =>
      policyOf(client.clientId).lifetime !== null && code.scopes.has('offline_access'),
    loadExistingGrant: grantOfItsOwn,
    pairwiseIdentifier: (_ctx, account, client) => pairwise(account, client.clientId),
    pkce: { required: () => true },
    rotateRefreshToken: (ctx) => renew(ctx, settings),
    routes: {
      authorization: '/connect/authorize',
      backchannel_authentication: '/connect/ciba',
      device_authorization: '/connect/deviceauthorization',
      code_verification: '/device',
      end_session: '/connect/endsession',
      introspection: '/connect/introspect',
      jwks: '/.well-known/openid-configuration/jwks',
      revocation: '/connect/revocation',
      token: '/connect/token',
      userinfo: '/connect/userinfo',
    },
    ttl: {
      AccessToken: () => settings.accessTokenLifetime,
      AuthorizationCode: 60,
      BackchannelAuthenticationRequest: backchannelLifetime,
      ClientCredentials: () => settings.accessTokenLifetime,
      DeviceCode: 1800,
      Grant: 2000 * DAY,
      IdToken: 300,
      Interaction: 2000 * DAY, // its cookie would be dropped by a browser whose clock is ahead
      RefreshToken: (_ctx, token) => refreshLifetime(token),
      Session: 2000 * DAY, // the SSO session ends when a test says so
    },
  };
}

/** All clients are registered as `web`: oidc-provider ignores the port of any loopback URI of a native one. */
function registration({ client_id, client_secret, auth_method = 'none', policy, redirect_uris }) {
  return {
    client_id,
    client_secret,
    redirect_uris,
    application_type: 'web',
    grant_types: [
      'authorization_code',
      ...(POLICIES[policy].lifetime === null ? [] : ['refresh_token']),
      ...(client_secret === undefined ? [] : ['client_credentials']),
      ...(policy === 'Mobile' ? [DEVICE_GRANT] : []),
      ...(policy === 'Confidential' ? [CIBA_GRANT] : []),
    ],
    response_types: ['code'],
    token_endpoint_auth_method: auth_method,
    id_token_signed_response_alg: 'RS256',
    ...(policy === 'Confidential' && { backchannel_token_delivery_mode: 'poll' }),
  };
}

const claims = (account) => ({
  sub: account, // made pairwise by oidc-provider
  idp: 'local',
  ial: 'telenor.identity.ial2',
  given_name: 'Ola',
  family_name: 'Nordmann',
  preferred_username: PHONE,
  analytics_uuid: '6f6b1c1e-0000-4000-8000-000000000000',
  email: account,
  phone_number: PHONE,
});

/** What a refresh token has left when it is written: a sliding life starts anew, a fixed one counts from the login. */
function refreshLifetime(token) {
  const { lifetime, sliding } = policyOf(token.clientId);
  return sliding ? lifetime : token.iiat + lifetime - now();
}

/**
 * What a refresh does to the refresh token. While the SSO session lives: a new handle (`rotate`), or the same with
 * its life renewed if the policy slides (`reuse`). When it has ended: nothing, and none is handed out.
 */
async function renew(ctx, settings) {
  const token = ctx.oidc.entities.RefreshToken;
  ctx.state.ssoEnded = !(await ctx.oidc.provider.Session.findByUid(token.sessionUid));
  if (ctx.state.ssoEnded) return false;
  if (settings.refreshTokens === 'rotate') return true;
  const { lifetime, sliding } = policyOf(token.clientId);
  if (sliding) {
    token.exp = now() + lifetime;
    await token.save();
  }
  return false;
}

/** Each authorization has its own grant, or the reuse of one refresh token would revoke those of other logins. */
async function grantOfItsOwn(ctx) {
  const grant = new ctx.oidc.provider.Grant({
    accountId: ctx.oidc.session.accountId,
    clientId: ctx.oidc.client.clientId,
  });
  grant.addOIDCScope(SCOPES.join(' '));
  await grant.save();
  return grant;
}

/** No consent page; unknown scopes are refused; `offline_access`, dropped without `prompt=consent`, comes back. */
function interactions() {
  const policy = interactionPolicy.base();
  policy.remove('consent');
  policy.get('login').checks.add(
    new interactionPolicy.Check('scopes', 'the scopes as TelenorID+ judges them', (ctx) => {
      const asked = String(ctx.query.scope ?? ctx.oidc.params.scope).split(' ');
      const unknown = asked.find((scope) => !SCOPES.includes(scope));
      if (unknown) throw new errors.InvalidScope('requested scope is not allowed', unknown);
      const offline = asked.includes('offline_access') && policyOf(ctx.oidc.client.clientId).lifetime !== null;
      const has = ctx.oidc.params.scope.split(' ').includes('offline_access');
      if (offline && !has) ctx.oidc.params.scope += ' offline_access';
      return interactionPolicy.Check.NO_NEED_TO_PROMPT;
    }),
  );
  return policy;
}

/** Access tokens are kept opaque and handed out as `at+jwt`: userinfo refuses those that are JWTs in earnest. */
function writeAccessTokens(provider, settings, key, issuer) {
  const { AccessToken } = provider;
  const { save } = AccessToken.prototype;
  const { find } = AccessToken;
  AccessToken.prototype.save = async function saved() {
    const handle = await save.call(this);
    const session = this.sessionUid && (await provider.Session.findByUid(this.sessionUid));
    const life = { iat: now(), exp: now() + this.expiration };
    this.jwt = signed(
      {
        iss: issuer,
        nbf: life.iat,
        ...life,
        client_id: this.clientId,
        sub: pairwise(this.accountId, this.clientId),
        auth_time: session?.loginTs ?? life.iat,
        idp: 'local',
        sid: sidOf(this.sessionUid),
        'ibis.sid': sidOf(this.sessionUid),
        jti: handle,
        scope: (this.scope ?? '').split(' '),
        amr: ['urn:telenor.identity.amr.td_otp'],
        acr: ['urn:telenor.identity.aal.1'],
      },
      'at+jwt',
      key,
    );
    settings.handles.set(this.jwt, handle);
    return this.jwt;
  };
  AccessToken.find = function found(value, ...rest) {
    return find.call(this, settings.handles.get(value) ?? value, ...rest);
  };
}

/** ID tokens from the token endpoint get `typ`, `nbf`, `sid`, `at_hash` and, at the login, `s_hash`. */
function writeIdTokens(provider, key, { states }) {
  const { issue } = provider.IdToken.prototype;
  provider.IdToken.prototype.issue = async function issued(options) {
    const token = await issue.call(this, options);
    if (options.use !== 'idtoken') return token;
    const { AccessToken, AuthorizationCode, RefreshToken } = this.ctx.oidc.entities;
    const payload = payloadOf(token);
    const sid = sidOf((AuthorizationCode ?? RefreshToken ?? AccessToken).sessionUid);
    const state = states.get(AuthorizationCode?.jti);
    if (!AuthorizationCode) delete payload.nonce; // a refreshed one has none at TelenorID+
    const more = { nbf: payload.iat, at_hash: halfHash(AccessToken.jwt), sid, 'ibis.sid': sid };
    const levels = { amr: ['urn:telenor.identity.amr.td_otp'], acr: 'urn:telenor.identity.aal.1' };
    return signed({ ...payload, ...more, ...levels, ...(state && { s_hash: halfHash(state) }) }, 'JWT', key);
  };
}

/** The `Date` follows the moved clock; refusals are as bare as TelenorID+'s; who polls too often is told so. */
async function aroundEachRequest(ctx, next, { polls }) {
  await next();
  ctx.set('Date', new Date(Date.now()).toUTCString());
  const route = ctx.oidc?.route;
  if (route === 'device_authorization' && ctx.body?.device_code) ctx.body = { ...ctx.body, interval: 5 };
  if (route === 'backchannel_authentication') ctx.body = backchannelAnswer(ctx.body);
  if (route !== 'token') return;
  if (ctx.state.ssoEnded) delete ctx.body.refresh_token;
  if (ctx.body?.error === 'invalid_grant') ctx.body = { error: 'invalid_grant' };
  if (ctx.body?.error === 'authorization_pending') {
    const code = ctx.oidc.params.device_code ?? ctx.oidc.params.auth_req_id;
    if (Date.now() - (polls.get(code) ?? 0) < 5000) ctx.body = { error: 'slow_down' };
    polls.set(code, Date.now());
  }
}
