// Logins by request: each line of standard input is one ({"url", "colorScheme", "locale", "name", "shots"}), each
// line of standard output says how it went. One Chromium serves them all, each in a context of its own.

import { createInterface } from 'node:readline';
import { launch, login } from './login.mjs';

const browser = await launch();
for await (const line of createInterface({ input: process.stdin })) {
  const wanted = JSON.parse(line);
  const shot = (page, moment) => page.screenshot({ path: `${wanted.shots}/${wanted.name}-${moment}.png` });
  let result;
  try {
    result = await login(browser, wanted, shot);
  } catch (error) {
    result = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
await browser.close();
