// Logins that wait for a person: a device's, and those that a backend asked for (CIBA).

import { distanceText, element, fill, now, timeText, whenText, words } from './dom.js';

/** Shows `logins`, oldest first. `decide(control, body)` approves or denies one, a device's as one of `users`. */
export function showLogins(place, logins, users, decide) {
  const waiting = logins.filter((login) => Date.parse(login.expires_at) > now());
  // What is there already keeps its focus and the chosen user.
  const known = new Map([...place.children].map((row) => [row.id, row]));
  const focused = place.contains(document.activeElement) ? document.activeElement : undefined;
  const rows = waiting.map((login) => known.get(`login-${login.user_code}`) ?? row(login, users, decide));
  if (rows.length === known.size && rows.every((row) => known.has(row.id))) return;
  place.replaceChildren(...rows);
  focused?.focus({ preventScroll: true });
}

function row(login, users, decide) {
  const { user_code, user, expires_at } = login;
  const choice =
    !user &&
    element('select', { 'aria-label': words.approve_as }, ...users.map(({ id }) => element('option', { value: id }, id)));
  const approve = () => decide('logins/approve', choice ? { user_code, user: choice.value } : { user_code });
  return element(
    'article',
    { id: `login-${user_code}`, class: 'waiting' },
    element(
      'div',
      { class: 'headline' },
      element(
        'p',
        { class: 'who' },
        element('b', {}, user ? fill(words.asked_of, user) : words.device_waits),
        ` ${words.at} `,
        element('b', {}, login.client_id),
      ),
      element(
        'p',
        { class: 'until' },
        `${words.waits_until} `,
        element('strong', {}, timeText(expires_at)),
        element('span', { class: 'distance', 'data-time': Date.parse(expires_at) }, distanceText(expires_at)),
      ),
    ),
    element('p', { class: 'hint' }, fill(words.waits_since, whenText(login.begun_at))),
    element(
      'div',
      { class: 'decision' },
      login.binding_message
        ? element('p', {}, `${words.binding_message} `, element('code', {}, login.binding_message))
        : element('p', {}, `${words.user_code} `, element('code', {}, user_code)),
      choice,
      element('button', { type: 'button', onclick: approve }, words.approve),
      element('button', { type: 'button', onclick: () => decide('logins/deny', { user_code }) }, words.deny),
    ),
  );
}
