/**
 * A real browser for tests of pages: Debian's chromium, driven by playwright-core. Both are looked up when a test
 * needs them, so that the other tests run without.
 */
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { requires } from './requirement.ts';

/** What tests use of playwright's Page. */
export interface BrowserPage {
  goto(url: string): Promise<unknown>;
  /** Runs text in the page and gives its value. */
  evaluate(script: string): Promise<unknown>;
  click(selector: string): Promise<void>;
  fill(selector: string, text: string): Promise<void>;
  selectOption(selector: string, value: string): Promise<unknown>;
  check(selector: string): Promise<void>;
  readonly keyboard: { press(key: string): Promise<void>; type(text: string): Promise<void> };
  screenshot(options: { path: string }): Promise<unknown>;
  on(event: 'console', listener: (message: { type(): string; text(): string }) => void): void;
  on(event: 'pageerror', listener: (error: Error) => void): void;
}

interface PageOptions {
  readonly viewport?: { readonly width: number; readonly height: number };
  readonly colorScheme?: 'light' | 'dark';
  readonly javaScriptEnabled?: boolean;
  readonly ignoreHTTPSErrors?: boolean;
}

export interface Chromium {
  /** A page of its own, with what it complained about: errors, and violations of its policy. */
  open(
    options?: PageOptions,
  ): Promise<{ readonly page: BrowserPage; readonly complaints: readonly string[] }>;
}

interface Playwright {
  readonly chromium: {
    launch(options: { executablePath: string; args: readonly string[] }): Promise<{
      newContext(options: PageOptions): Promise<{ newPage(): Promise<BrowserPage> }>;
      close(): Promise<void>;
    }>;
  };
}

const require = createRequire(import.meta.url);
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Undefined: the test was skipped. */
export async function openChromium(t: TestContext): Promise<Chromium | undefined> {
  if (!requires(t, 'chromium')) return undefined;
  const playwright = await load(t);
  if (playwright === undefined) return undefined;
  const browser = await playwright.chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });
  t.after(() => browser.close());
  return {
    open: async (options = {}) => {
      const context = await browser.newContext(options);
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('console', message => {
        if (message.type() === 'error') complaints.push(message.text());
      });
      page.on('pageerror', error => complaints.push(error.message));
      return { page, complaints };
    },
  };
}

async function load(t: TestContext): Promise<Playwright | undefined> {
  const name = 'playwright-core';
  try {
    return ((await import(name)) as { default: Playwright }).default;
  } catch (error) {
    if (process.env['LB_TEST_REQUIRE_ALL'] === '1') throw error;
    t.skip(`needs ${name}`);
    return undefined;
  }
}

/** The accessibility checker as text to run in a page; it answers `axe.run()`. */
export function axeScript(): string {
  return readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
}
