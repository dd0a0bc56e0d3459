/**
 * Pictures by key: in memory for showing, in IndexedDB so that a reload finds them again. Without IndexedDB (a private
 * window, a full disk) the page works on, and a reload starts without pictures.
 */
import { randomId } from './random-id.ts';

export interface Picture {
  readonly blob: Blob;
  /** An object URL, alive until the picture is dropped. */
  readonly url: string;
}

interface StoredPicture {
  readonly blob: Blob;
  /** Milliseconds since the Unix epoch. */
  readonly savedAt: number;
}

const STORE = 'pictures';
/** Pictures of sessions that ended are removed once they are this old: another tab may still show younger ones. */
const KEEP_MS = 24 * 60 * 60 * 1000;

const shown = new Map<string, Picture>();
let database: Promise<IDBDatabase | undefined> | undefined;

/** Keeps a picture. It can be shown at once; it outlives a reload a moment later. */
export function putPicture(blob: Blob): string {
  const key = randomId();
  shown.set(key, { blob, url: URL.createObjectURL(blob) });
  const stored: StoredPicture = { blob, savedAt: Date.now() };
  void withStore('readwrite', (store) => store.put(stored, key));
  return key;
}

/** A picture that is in memory already. */
export function pictureNow(key: string): Picture | undefined {
  return shown.get(key);
}

/** A picture from memory or from an earlier load of the page; undefined when it is gone. */
export async function loadPicture(key: string): Promise<Picture | undefined> {
  const present = shown.get(key);
  if (present) return present;
  const stored = await withStore<StoredPicture>('readonly', (store) => store.get(key));
  if (!stored) return undefined;
  // Someone else may have asked at the same time: one URL is enough.
  const picture = shown.get(key) ?? { blob: stored.blob, url: URL.createObjectURL(stored.blob) };
  shown.set(key, picture);
  return picture;
}

export function dropPicture(key: string): void {
  const picture = shown.get(key);
  if (picture) URL.revokeObjectURL(picture.url);
  shown.delete(key);
  void withStore('readwrite', (store) => store.delete(key));
}

/** Removes what sessions that ended have left behind. */
export async function sweepPictures(keep: ReadonlySet<string>): Promise<void> {
  const db = await open();
  if (!db) return;
  const store = db.transaction(STORE, 'readwrite').objectStore(STORE);
  const oldest = Date.now() - KEEP_MS;
  store.openCursor().onsuccess = function () {
    const cursor = this.result;
    if (!cursor) return;
    const { savedAt } = cursor.value as StoredPicture;
    if (savedAt < oldest && !keep.has(String(cursor.key))) cursor.delete();
    cursor.continue();
  };
}

function open(): Promise<IDBDatabase | undefined> {
  database ??= new Promise((resolve) => {
    try {
      const request = indexedDB.open('ferry-console', 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve(undefined);
    } catch {
      resolve(undefined);
    }
  });
  return database;
}

async function withStore<T>(
  mode: IDBTransactionMode,
  use: (store: IDBObjectStore) => IDBRequest,
): Promise<T | undefined> {
  const db = await open();
  if (!db) return undefined;
  return new Promise((resolve) => {
    try {
      const request = use(db.transaction(STORE, mode).objectStore(STORE));
      request.onsuccess = () => resolve(request.result as T);
      request.onerror = () => resolve(undefined);
    } catch {
      resolve(undefined);
    }
  });
}
