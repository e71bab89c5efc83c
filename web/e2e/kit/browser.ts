//! The real browser. A page that requests another host or logs an error fails its test.
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { expect, inject } from 'vitest';
import { PASSWORD } from './people';

const FLAGS = ['--no-sandbox', '--disable-dev-shm-usage', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'];

export type Look = { language?: 'en' | 'ar' | 'fr'; theme?: 'light' | 'dark'; width?: number };

export class Screen {
  readonly errors: string[] = [];
  readonly foreign: string[] = [];
  /** Log lines that a test expects: the browser logs every failed request. */
  tolerated: RegExp[] = [];

  constructor(
    readonly page: Page,
    readonly url: string,
    readonly language: 'en' | 'ar' | 'fr',
  ) {
    page.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(`${message.text()} ${message.location().url}`);
    });
    page.on('pageerror', (error) => this.errors.push(String(error)));
    page.on('request', (request) => {
      const target = new URL(request.url());
      const own = target.host === new URL(url).host || target.protocol === 'blob:' || target.protocol === 'data:';
      if (!own) this.foreign.push(request.url());
    });
    page.on('websocket', (socket) => {
      if (new URL(socket.url()).host !== new URL(url).host) this.foreign.push(socket.url());
    });
  }

  async goto(path: string) {
    await this.page.goto(`${this.url}/${this.language}${path}`);
  }

  /** Enters as a demo person in a slot of that name. */
  async enter(name: string, path: string) {
    await this.page.goto(`${this.url}/${this.language}/?slot=${name}&as=${name}`);
    await this.page.waitForURL((at) => !at.searchParams.has('as'));
    await this.page.goto(`${this.url}/${this.language}${path}${path.includes('?') ? '&' : '?'}slot=${name}`);
  }

  /** Signs in by the form. */
  async signIn(name: string) {
    await this.page.getByRole('textbox').first().fill(name);
    await this.page.locator('input[name=password]').fill(PASSWORD);
    await this.page.locator('form[data-form=sign-in] button[type=submit]').click();
  }

  async live(page: string) {
    await this.page.locator(`[data-page=${page}][data-live=live]`).waitFor();
  }

  /** No request to another host, no error in the log. */
  clean() {
    expect(this.foreign).toEqual([]);
    expect(this.errors.filter((line) => !this.tolerated.some((known) => known.test(line)))).toEqual([]);
  }
}

export class TestBrowser {
  private readonly contexts: BrowserContext[] = [];

  private constructor(
    private readonly browser: Browser,
    readonly url: string,
  ) {}

  static async open(url: string = inject('url')): Promise<TestBrowser> {
    const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
    return new TestBrowser(browser, url);
  }

  async screen({ language = 'en', theme = 'light', width = 1440 }: Look = {}): Promise<Screen> {
    const context = await this.browser.newContext({
      viewport: { width, height: width < 800 ? 844 : 900 },
      colorScheme: theme,
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    context.setDefaultTimeout(45_000);
    this.contexts.push(context);
    return new Screen(await context.newPage(), this.url, language);
  }

  /** A second tab of the same browser. */
  async beside(screen: Screen): Promise<Screen> {
    return new Screen(await screen.page.context().newPage(), this.url, screen.language);
  }

  async close() {
    for (const context of this.contexts) await context.close();
    await this.browser.close();
  }
}

/** Presses as long as a thumb has to stay. */
export async function hold(page: Page, selector: string) {
  await page.locator(selector).hover();
  await page.mouse.down();
  await page.waitForFunction(() => new Promise((held) => setTimeout(() => held(true), 800)));
  await page.mouse.up();
}
