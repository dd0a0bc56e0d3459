/** The pages of the console, in the order of the navigation. */

export interface Page {
  readonly path: string;
  readonly name: string;
}

export const PAGES = [
  { path: '/admin/img2img', name: 'Edit' },
  { path: '/admin/status', name: 'Status' },
  { path: '/admin/settings', name: 'Settings' },
] as const satisfies readonly Page[];

export type PagePath = (typeof PAGES)[number]['path'];

/** The page of an address; the first one for an address that is none. */
export function pageAt(pathname: string): PagePath {
  return PAGES.find(({ path }) => path === pathname)?.path ?? PAGES[0].path;
}
