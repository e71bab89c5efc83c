import './ui/styles';
import { DirectionProvider, MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { createRoot } from 'react-dom/client';
import { directionOf, isLanguage, languageOf, startLanguage } from './i18n';
import { LiveProvider } from './live';
import { makeRouter } from './router';
import { resolver, theme } from './ui/theme';

// After an upgrade an old page asks for a chunk that is gone: load the new build once, at the same address. Where it is the line that is gone,
// a reload would leave nothing at all.
addEventListener('vite:preloadError', () => {
  const before = Number(sessionStorage.getItem('wassally.reloaded') ?? 0);
  if (Date.now() - before < 60_000) return;
  fetch(location.href, { cache: 'no-store' }).then(
    (page) => {
      if (!page.ok) return;
      sessionStorage.setItem('wassally.reloaded', String(Date.now()));
      location.reload();
    },
    () => undefined,
  );
});

async function start() {
  const language = languageOf(location.pathname);
  if (!isLanguage(location.pathname.split('/')[1])) {
    history.replaceState(
      null,
      '',
      `/${language}${location.pathname === '/' ? '/' : location.pathname}${location.search}`,
    );
  }
  await startLanguage(language);
  const cache = new QueryClient({
    // Live data is kept true by its channel, not by looking again when a window is touched.
    defaultOptions: { queries: { refetchOnWindowFocus: false, retry: 1, staleTime: 30_000 } },
  });
  const root = document.getElementById('root');
  if (!root) throw new Error('the page has no root');
  createRoot(root).render(
    <DirectionProvider initialDirection={directionOf(language)}>
      <MantineProvider theme={theme} cssVariablesResolver={resolver} defaultColorScheme="auto">
        <QueryClientProvider client={cache}>
          <LiveProvider>
            <RouterProvider router={makeRouter(language)} />
          </LiveProvider>
        </QueryClientProvider>
      </MantineProvider>
    </DirectionProvider>,
  );
}

void start();
