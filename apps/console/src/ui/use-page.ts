import { useCallback, useEffect, useState } from 'preact/hooks';
import { type PagePath, pageAt } from './pages.ts';

export interface Navigation {
  readonly page: PagePath;
  /** Goes to a page without leaving this document: a running edit runs on. */
  go(page: PagePath): void;
}

export function usePage(): Navigation {
  const [page, setPage] = useState(() => pageAt(location.pathname));
  useEffect(() => {
    const moved = (): void => setPage(pageAt(location.pathname));
    window.addEventListener('popstate', moved);
    return () => window.removeEventListener('popstate', moved);
  }, []);
  const go = useCallback((to: PagePath) => {
    if (to === pageAt(location.pathname)) return;
    history.pushState(null, '', to);
    setPage(to);
    window.scrollTo(0, 0);
  }, []);
  return { page, go };
}
