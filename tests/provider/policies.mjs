// TelenorID+'s table, typed in from its guide ("Token Refresh", "Client types") and not from tidp's own: the two
// must be able to disagree. Lifetimes are in seconds.

const MINUTE = 60;
const DAY = 86_400;

export const POLICIES = {
  NoRefresh: { lifetime: null, sliding: false },
  Confidential: { lifetime: 14 * DAY, sliding: false },
  Mobile: { lifetime: 90 * DAY, sliding: true },
  PublicWeb: { lifetime: 10 * MINUTE, sliding: true },
  Web: { lifetime: 10 * MINUTE, sliding: true },
};

/** A loopback client: any port and path on the literal 127.0.0.1. */
const ANY_PORT = 'http://127.0.0.1';

/** One client for each of TelenorID+'s client types, and what else a test needs a registration for. */
export const CLIENTS = [
  { client_id: 'provider-public', client_type: 'Public', policy: 'NoRefresh', redirect_uris: [ANY_PORT] },
  {
    client_id: 'provider-public-with-refresh',
    client_type: 'PublicWithRefresh',
    policy: 'PublicWeb',
    redirect_uris: [ANY_PORT],
  },
  { client_id: 'provider-web', client_type: 'PublicWithRefresh', policy: 'Web', redirect_uris: [ANY_PORT] },
  {
    client_id: 'provider-confidential',
    client_type: 'Confidential',
    policy: 'Confidential',
    client_secret: 'a secret: 100% +/&=',
    auth_method: 'client_secret_basic',
    redirect_uris: [ANY_PORT],
  },
  {
    client_id: 'provider-confidential-post',
    client_type: 'Confidential',
    policy: 'Confidential',
    client_secret: 'another secret: 100% +/&=',
    auth_method: 'client_secret_post',
    redirect_uris: [ANY_PORT],
  },
  { client_id: 'provider-mobile', client_type: 'MobileApp', policy: 'Mobile', redirect_uris: [ANY_PORT] },
  {
    client_id: 'provider-paste',
    client_type: 'MobileApp',
    policy: 'Mobile',
    redirect_uris: ['https://app.example/callback'],
  },
];

/** Whether `uri` may be redirected to: exact, but for the loopback registration that ignores port and path. */
export function redirectAllowed(registered, uri) {
  if (registered.includes(uri)) return true;
  if (!registered.includes(ANY_PORT) || !URL.canParse(uri)) return false;
  const at = new URL(uri);
  return at.protocol === 'http:' && at.hostname === '127.0.0.1' && at.search === '' && at.hash === '';
}
