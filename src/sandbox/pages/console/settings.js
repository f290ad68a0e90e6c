// What an application must be given: the client's data, and ready settings for common libraries.

import { element, words } from './dom.js';

const SCOPE = 'openid profile offline_access';

/** Each library: whether it is for clients with a secret, for others, or for both, and its settings. */
const LIBRARIES = {
  'openid-client': {
    settings: ({ issuer, id, secret, redirect }) =>
      [
        "import * as client from 'openid-client'",
        '',
        'const config = await client.discovery(',
        `  new URL('${issuer}'), '${id}', ${secret ? `'${secret}'` : 'undefined'},`,
        `  ${secret ? `client.ClientSecretPost('${secret}')` : 'client.None()'},`,
        '  { execute: [client.allowInsecureRequests] })  // http: only for the sandbox',
        '',
        'const url = client.buildAuthorizationUrl(config, {',
        `  redirect_uri: '${redirect}', scope: '${SCOPE}',`,
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
        `  authority: '${issuer}',`,
        `  client_id: '${id}',`,
        `  redirect_uri: '${redirect}',`,
        `  scope: '${SCOPE}',`,
        '})',
      ].join('\n'),
  },
  AppAuth: {
    secret: false,
    settings: ({ issuer, id, redirect }) =>
      [
        '// Android; http needs a ConnectionBuilder that allows it. From an emulator: adb reverse tcp:PORT tcp:PORT',
        `val issuer = Uri.parse("${issuer}")`,
        'AuthorizationServiceConfiguration.fetchFromIssuer(issuer, { config, error ->',
        '    val request = AuthorizationRequest.Builder(',
        `        config!!, "${id}", ResponseTypeValues.CODE, Uri.parse("${redirect}"))`,
        `        .setScope("${SCOPE}").build()`,
        '}, connectionBuilder)',
      ].join('\n'),
  },
  'Duende.OidcClient': {
    settings: ({ issuer, id, secret, redirect }) =>
      [
        'var client = new OidcClient(new OidcClientOptions',
        '{',
        `    Authority = "${issuer}",`,
        `    ClientId = "${id}",`,
        ...(secret ? [`    ClientSecret = "${secret}",`] : []),
        `    RedirectUri = "${redirect}",`,
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
        `            issuer-uri: ${issuer}`,
        '        registration:',
        '          telenor:',
        `            client-id: ${id}`,
        ...(secret ? [`            client-secret: ${secret}`] : ['            client-authentication-method: none']),
        '            authorization-grant-type: authorization_code',
        `            redirect-uri: ${redirect}`,
        `            scope: ${SCOPE.replaceAll(' ', ', ')}`,
      ].join('\n'),
  },
};

const chosen = { client: 'sandbox-public-with-refresh', library: 'oidc-client-ts' };

/** Shows the settings of the chosen client; `secrets` are by client id. */
export function showSettings(place, state, secrets) {
  const client = state.clients.find((client) => client.client_id === chosen.client) ?? state.clients[0];
  const again = () => showSettings(place, state, secrets);
  const confidential = client.client_type === 'Confidential';
  const secret = secrets[client.client_id];
  const redirect = client.redirect_uris.findLast((uri) => new URL(uri).pathname !== '/') ?? client.redirect_uris[0] ?? '';
  const library = LIBRARIES[chosen.library];
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
      ...client.redirect_uris.flatMap((uri) => fact(words.redirect_uri, uri, true)),
    ),
    choice('library', words.library, Object.keys(LIBRARIES), chosen.library, again),
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

function fact(name, value, canCopy = false) {
  return [element('dt', {}, name), element('dd', {}, element('code', {}, value), canCopy ? copyButton(() => value) : undefined)];
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
