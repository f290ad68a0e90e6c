// TelenorID+'s tokens: oidc-provider's own ID tokens lack several claims, and its access tokens are either JWTs
// that its userinfo refuses or opaque. So both are written here, with node's own cryptography.

import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID, sign, verify } from 'node:crypto';

const base64url = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** Half of the hash, as `at_hash` and `s_hash` want it (OIDC Core 3.1.3.6, Financial-grade API 1.0). */
export const halfHash = (text) => createHash('sha256').update(text).digest().subarray(0, 16).toString('base64url');

/** The subject of an account at one client: pairwise, so no two clients see the same. */
export const pairwise = (account, clientId) =>
  createHash('sha256').update(`${account} at ${clientId}`).digest('hex').slice(0, 32).toUpperCase();

/** The `sid` that stands for an SSO session. */
export const sidOf = (sessionUid) => halfHash(`sid ${sessionUid}`);

/** A new RS256 signing key as a private JWK. */
export function newKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), alg: 'RS256', use: 'sig' };
}

/** The compact JWS of `payload` under `jwk`. */
export function signed(payload, typ, jwk) {
  const text = `${base64url({ alg: 'RS256', kid: jwk.kid, typ })}.${base64url(payload)}`;
  const signature = sign('sha256', Buffer.from(text), createPrivateKey({ key: jwk, format: 'jwk' }));
  return `${text}.${signature.toString('base64url')}`;
}

/** The payload of a JWS, unverified. */
export const payloadOf = (jws) => JSON.parse(Buffer.from(jws.split('.')[1], 'base64url').toString());

/** The payload of a JWS that one of `keys` has signed, else `undefined`. An expired one is as good. */
export function verified(jws, keys) {
  const parts = String(jws).split('.');
  if (parts.length !== 3) return undefined;
  const [text, signature] = [Buffer.from(`${parts[0]}.${parts[1]}`), Buffer.from(parts[2], 'base64url')];
  const good = keys.some(({ kty, n, e }) =>
    verify('sha256', text, createPublicKey({ key: { kty, n, e }, format: 'jwk' }), signature));
  return good ? payloadOf(jws) : undefined;
}
