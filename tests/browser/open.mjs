// A $BROWSER that logs in by itself: `node open.mjs URL`.

import { launch, login } from './login.mjs';

const browser = await launch();
await login(browser, { url: process.argv.at(-1) });
await browser.close();
