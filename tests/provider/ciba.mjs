// Logins in Vipps (CIBA, polled for), as the guide has them. The user's phone is the control API.

import { errors } from 'oidc-provider';

const LIFETIME = 300;
const INTERVAL = 5;
const REQUIRED_SCOPES = ['vipps', 'phone', 'openid'];

/** oidc-provider's feature; `undecided` collects the ids of the requests, `accountOf` knows who has a phone. */
export const backchannelLogins = (undecided, accountOf) => ({
  enabled: true,
  deliveryModes: ['poll'],
  processLoginHint: (ctx, phone) => {
    const asked = ctx.oidc.params.scope.split(' ');
    const missing = REQUIRED_SCOPES.find((scope) => !asked.includes(scope));
    if (missing) throw new errors.InvalidScope('a required scope is missing', missing);
    return accountOf(phone);
  },
  triggerAuthenticationDevice: (_ctx, request) => void undecided.push(request.jti),
  validateRequestContext: () => undefined,
  verifyUserCode: () => undefined,
});

export const backchannelLifetime = (ctx) => Math.min(+(ctx?.oidc.params.requested_expiry ?? LIFETIME), LIFETIME);

export const backchannelAnswer = (body) => (body?.auth_req_id ? { ...body, interval: INTERVAL } : body);

/** The user's decision about the oldest request. An approval begins an SSO session, as each login does. */
export async function decide(provider, undecided, approve, scopes) {
  const id = undecided.shift();
  if (!id) throw new Error('nobody waits for a decision');
  if (!approve) return provider.backchannelResult(id, new errors.AccessDenied('denied on the phone'));
  const { accountId, clientId } = await provider.BackchannelAuthenticationRequest.find(id);
  const session = new provider.Session({ accountId, loginTs: Math.floor(Date.now() / 1000) });
  await session.save(LIFETIME);
  const grant = new provider.Grant({ accountId, clientId });
  grant.addOIDCScope(scopes.join(' '));
  const granted = await grant.save();
  return provider.backchannelResult(id, granted, { authTime: session.loginTs, sessionUid: session.uid });
}
