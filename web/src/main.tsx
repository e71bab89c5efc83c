import './ui/styles';
import { DirectionProvider, MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { createRoot } from 'react-dom/client';
import { directionOf, isLanguage, languageOf, startLanguage } from './i18n';
import { LiveProvider } from './live';
import { makeRouter } from './router';
import { resolver, theme } from './ui/theme';

// After an upgrade an old page requests a chunk that is gone: the new build is loaded once, at the same address. Without a connection nothing is
// reloaded, since the page would be lost.
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
    // Live data is updated by its channel, not by loading it again when a window gets the focus.
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
