// A newcomer's first five minutes, step by step, as EXPERIENCE.md section 1 tells them: what is printed is compared once times,
// ids and keys are masked. `node first_minutes.mjs <program>`; port 8010 must be free, as it is on a new machine.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launch, person } from './browser.mjs';
import { until } from './gateway.mjs';

const [program] = process.argv.slice(2);
if (!program) throw new Error('node first_minutes.mjs <program>');
const folder = mkdtempSync(join(tmpdir(), 'callgate-first-'));
const bare = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CALLGATE_')));
const env = { ...bare, TERM: 'xterm', COLUMNS: '100', NO_COLOR: '1', LANG: 'C.UTF-8' };
const run = (command, more = {}) => spawnSync('bash', ['-c', command], { cwd: folder, env: { ...env, ...more }, encoding: 'utf8' });

/// Without what differs from one run to the next.
function masked(text) {
  return text
    .replaceAll('\r', '')
    .replaceAll(program, 'callgate')
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'ID')
    .replace(/cg_[A-Za-z0-9_-]{43}/g, 'KEY')
    .replace(/[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}/g, 'CODE')
    .replace(/callgate \d+\.\d+\.\d+/g, 'callgate VERSION')
    .replace(/^  \d+:\d\d  /gm, '  TIME  ')
    .replace(/^\S*\d\d:\d\d:\d\d\S* +INFO .*$/gm, 'LOG');
}

// The terminal that the server runs in is a real one.
let banner = '';
const serve = spawn('script', ['-qefc', `stty cols 100; exec ${program} serve`, '/dev/null'], { cwd: folder, env, detached: true });
serve.stdout.on('data', (piece) => (banner += piece));
const browser = await launch();

try {
  console.log('step 2: run it');
  await until(() => /ready/.test(banner), 20_000, 'the server is ready');
  assert.equal(masked(banner).split('LOG')[0], `
  callgate VERSION

  Console   http://127.0.0.1:8010/console
  Docs      http://127.0.0.1:8010/docs
  API       http://127.0.0.1:8010/v1

  First start: made callgate-data/ with a database and an API key.

  API key   KEY     kept in callgate-data/key
  Sign in   http://127.0.0.1:8010/console/enter?code=CODE     works once, for 10 minutes

  Agents    akylai, altai (simulator)     add your own in callgate.toml

  Next, in another terminal:
    callgate call +12025550101 --agent akylai --watch

`);
  const key = banner.match(/cg_[A-Za-z0-9_-]{43}/)[0];
  assert.equal(readFileSync(join(folder, 'callgate-data/key'), 'utf8').trim(), key);
  assert.equal(statSync(join(folder, 'callgate-data')).mode & 0o777, 0o700);
  assert.equal(statSync(join(folder, 'callgate-data/key')).mode & 0o777, 0o600);
  const link = banner.match(/http:\S+enter\?code=\S+/)[0];
  const again = run(`${program} serve`);
  assert.equal(again.status, 1);
  assert.match(again.stderr, /^error: 127\.0\.0\.1:8010 is already in use\n  Another callgate \(pid \d+\) has it\. Stop it, or choose another address: .* serve --listen 127\.0\.0\.1:8011\n$/);

  console.log('step 3: place a practice call, with the command that was printed');
  const next = banner.match(/^ {4}(\S*callgate\S* call .*)$/m)?.[1].trim() ?? `${program} call +12025550101 --agent akylai --watch`;
  const call = run(next);
  assert.equal(call.status, 0, call.stderr);
  assert.match(call.stdout, /^[0-9a-f-]{36}\n/);
  const told = masked(call.stdout + call.stderr);
  for (const line of ['queued', 'dialing', 'ringing', 'in_progress', 'completed']) assert.match(told, new RegExp(`TIME  ${line}`), told);
  assert.equal((told.match(/TIME  (akylai|user) +\S/g) ?? []).length, 3, told);
  const id = call.stdout.slice(0, 36);

  console.log('step 4: the same in the browser, by the link that was printed');
  const { page, faults, close } = await person(browser, 'http://127.0.0.1:8010');
  await page.goto(link);
  await page.getByRole('heading', { name: 'Just finished' }).waitFor();
  await page.locator(`a[href="/console/calls/${id}"]`).first().click();
  await page.waitForURL(`**/console/calls/${id}`);
  assert.ok((await page.locator('.talk .say').count()) === 3);
  await page.locator('.line svg').first().waitFor();

  console.log('step 5: the same over HTTP, as the docs say it');
  await page.goto('/docs');
  const cards = page.locator('pre:visible', { hasText: '"akylai"' });
  const pasted = run(await cards.last().innerText(), { CALLGATE_KEY: key });
  assert.match(pasted.stdout, /"call_id":"[0-9a-f-]{36}"/, pasted.stderr);
  assert.ok(!(await page.content()).includes(key), 'a page shows no key');
  assert.deepEqual(faults, []);
  await close();

  console.log('step 6: a real agent');
  assert.equal(run(`${program} config init`).status, 0);
  assert.ok(existsSync(join(folder, 'callgate.toml')));
  assert.equal(run(`${program} config check`).status, 0, 'what is written is valid as it is');
  const checked = run(`${program} agents check`);
  assert.match(checked.stdout, /^AGENT +CONNECTION +STATE +TOOK +DETAIL/);
  assert.equal(checked.status, 0, checked.stdout + checked.stderr);
  writeFileSync(join(folder, 'callgate.toml'), '[calls]\nallow_numbers = ["+1"]\n[connections.retell]\nkind = "retell"\napi_key = { env = "RETELL_API_KEY" }\n[agents.altai]\nconnection = "retell"\nremote_id = "agent_1"\n');
  const missing = run(`${program} config check`);
  assert.equal(missing.status, 3);
  assert.match(missing.stderr, /RETELL_API_KEY/);
  console.log('the first five minutes are as they are told');
} finally {
  await browser.close();
  process.kill(-serve.pid, 'SIGTERM');
  await new Promise((done) => serve.once('exit', done));
  rmSync(folder, { recursive: true, force: true });
}
