// What an application must be given: the client's data, and ready settings for common libraries.

import { element, words } from './dom.js';

/** As a redirect URI it stands for all ports. */
const ANY_LOOPBACK_PORT = 'http://127.0.0.1';

const SCOPE = 'openid profile offline_access';

/** The text as a string of JavaScript, C# and YAML. */
const quoted = JSON.stringify;

const kotlin = (text) => quoted(text).replaceAll('$', '\\$');

/** Each library: whether it is for clients with a secret, for others, or for both, and its settings. */
const LIBRARIES = {
  'openid-client': {
    settings: ({ issuer, id, secret, redirect }) =>
      [
        "import * as client from 'openid-client'",
        '',
        'const config = await client.discovery(',
        `  new URL(${quoted(issuer)}), ${quoted(id)}, ${secret ? quoted(secret) : 'undefined'},`,
        `  ${secret ? `client.ClientSecretPost(${quoted(secret)})` : 'client.None()'},`,
        '  { execute: [client.allowInsecureRequests] })  // http: only for the sandbox',
        '',
        'const url = client.buildAuthorizationUrl(config, {',
        `  redirect_uri: ${quoted(redirect)}, scope: '${SCOPE}',`,
        "  code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' })",
      ].join('\n'),
  },
  'oidc-client-ts': {
    secret: false,
    settings: ({ issuer, id, redirect }) =>
      [
        "import { UserManager } from 'oidc-client-ts'",
        '',
        'const users = new UserManager({',
        `  authority: ${quoted(issuer)},`,
        `  client_id: ${quoted(id)},`,
        `  redirect_uri: ${quoted(redirect)},`,
        `  scope: '${SCOPE}',`,
        '})',
      ].join('\n'),
  },
  AppAuth: {
    secret: false,
    settings: ({ issuer, id, redirect }) =>
      [
        '// Android; http needs a ConnectionBuilder that allows it. From an emulator: adb reverse tcp:PORT tcp:PORT',
        `val issuer = Uri.parse(${kotlin(issuer)})`,
        'AuthorizationServiceConfiguration.fetchFromIssuer(issuer, { config, error ->',
        '    val request = AuthorizationRequest.Builder(',
        `        config!!, ${kotlin(id)}, ResponseTypeValues.CODE, Uri.parse(${kotlin(redirect)}))`,
        `        .setScope("${SCOPE}").build()`,
        '}, connectionBuilder)',
      ].join('\n'),
  },
  'Duende.OidcClient': {
    settings: ({ issuer, id, secret, redirect }) =>
      [
        'var client = new OidcClient(new OidcClientOptions',
        '{',
        `    Authority = ${quoted(issuer)},`,
        `    ClientId = ${quoted(id)},`,
        ...(secret ? [`    ClientSecret = ${quoted(secret)},`] : []),
        `    RedirectUri = ${quoted(redirect)},`,
        `    Scope = "${SCOPE}",`,
        '    Policy = new Policy { Discovery = new DiscoveryPolicy { RequireHttps = false } },',
        '});',
      ].join('\n'),
  },
  Spring: {
    settings: ({ issuer, id, secret, redirect }) =>
      [
        'spring:',
        '  security:',
        '    oauth2:',
        '      client:',
        '        provider:',
        '          telenor:',
        `            issuer-uri: ${quoted(issuer)}`,
        '        registration:',
        '          telenor:',
        `            client-id: ${quoted(id)}`,
        ...(secret ? [`            client-secret: ${quoted(secret)}`] : ['            client-authentication-method: none']),
        '            authorization-grant-type: authorization_code',
        `            redirect-uri: ${quoted(redirect)}`,
        `            scope: ${SCOPE.replaceAll(' ', ', ')}`,
      ].join('\n'),
  },
};

const DEFAULT = 'sandbox-public-with-refresh';

/** What was chosen; before that it is the developer's own client, where there is one. */
const chosen = {};

/** Shows the settings of the chosen client; `secrets` are by client id. */
export function showSettings(place, state, secrets) {
  const named = (id) => state.clients.find((client) => client.client_id === id);
  const own = state.clients.find((client) => !client.client_id.startsWith('sandbox-'));
  const client = named(chosen.client) ?? own ?? named(DEFAULT) ?? state.clients[0];
  const again = () => showSettings(place, state, secrets);
  const confidential = client.client_type === 'Confidential';
  const secret = secrets[client.client_id];
  const redirect = client.redirect_uris.findLast((uri) => new URL(uri).pathname !== '/') ?? client.redirect_uris[0] ?? '';
  const name = chosen.library ?? (confidential ? 'openid-client' : 'oidc-client-ts');
  const library = LIBRARIES[name];
  const code =
    library.secret === false && confidential
      ? words.needs_no_secret
      : library.settings({
          issuer: state.issuer,
          id: client.client_id,
          secret: confidential ? (secret ?? '…') : undefined,
          redirect,
        });
  const focused = document.activeElement?.id;
  place.replaceChildren(
    choice('client', words.client, state.clients.map((client) => client.client_id), client.client_id, again),
    element(
      'dl',
      {},
      ...fact(words.issuer, state.issuer, true),
      ...fact(words.client_type, client.client_type),
      ...fact(words.policy, client.policy),
      ...(confidential ? fact(words.secret, secret ?? words.secret_hidden, secret !== undefined) : []),
      ...client.redirect_uris.flatMap((uri) => fact(words.redirect_uri, uri, true, uri === ANY_LOOPBACK_PORT && words.any_port)),
    ),
    choice('library', words.library, Object.keys(LIBRARIES), name, again),
    element('div', { class: 'code' }, element('pre', { tabindex: '0', 'aria-label': words.settings }, code), copyButton(() => code)),
  );
  if (focused) document.getElementById(focused)?.focus();
}

function choice(name, label, values, value, again) {
  const options = values.map((text) => element('option', { selected: text === value }, text));
  const change = (event) => {
    chosen[name] = event.target.value;
    again();
  };
  return element('p', { class: 'choice' }, element('label', { for: name }, label), element('select', { id: name, onchange: change }, ...options));
}

function fact(name, value, canCopy = false, note = undefined) {
  const shown = element('span', {}, element('code', {}, value), note && element('small', {}, ` ${note}`));
  return [element('dt', {}, name), element('dd', {}, shown, canCopy ? copyButton(() => value) : undefined)];
}

function copyButton(text) {
  const button = element('button', { type: 'button', class: 'copy' }, words.copy);
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(text());
    button.textContent = words.copied;
    setTimeout(() => (button.textContent = words.copy), 2000);
  });
  return button;
}
