import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { and, asc, desc, eq, gt, inArray, isNull, lt, or, type SQL, sql } from 'drizzle-orm';
import { callerName, type Identity } from '../auth/identity.ts';
import { Database } from '../database/database.ts';
import { whyNot } from '../database/database-state.ts';
import { DatabaseUnavailable } from '../database/database-unavailable.ts';
import { badRequest } from '../errors/gateway-error.ts';
import type { Upstream } from '../providers/upstream.ts';
import { fileNotFound } from './file-errors.ts';
import type { FileReference } from './file-reference.ts';
import { uploadedFiles } from './files.tables.ts';
import type { FileRecord, UploadedFile } from './uploaded-file.ts';

export interface FilePage {
  readonly limit: number;
  readonly order: 'asc' | 'desc';
  /** Id of the file before the first of the page. */
  readonly after?: string | undefined;
  readonly purpose?: string | undefined;
}

/** The files that callers have uploaded, each its own. What has expired is as unknown as what never was. */
@Injectable()
export class UploadedFiles {
  constructor(private readonly database: Database) {}

  /**
   * To be asked before a file is read that could not be remembered.
   * @throws DatabaseUnavailable
   */
  available(): void {
    const { state } = this.database;
    if (state.kind === 'up') return;
    throw new DatabaseUnavailable(whyNot(state), { asked: false, retryAfterMs: 1_000 });
  }

  async add(identity: Identity, file: Omit<FileRecord, 'id'>): Promise<FileRecord> {
    const row = { ...file, id: newFileId(), caller: callerName(identity) };
    await this.database.use(async (db) => {
      await db.delete(uploadedFiles).where(lt(uploadedFiles.expiresAt, sql`now()`));
      await db.insert(uploadedFiles).values(row);
    });
    return row;
  }

  /** @throws GatewayError 404; DatabaseUnavailable. */
  async get(identity: Identity, id: string): Promise<FileRecord> {
    const [file] = isFileId(id) ? await this.#find(identity, eq(uploadedFiles.id, id)) : [];
    if (file === undefined) throw fileNotFound('file_id');
    return file;
  }

  /** One more than `limit` when there are more. */
  async list(identity: Identity, { limit, order, after, purpose }: FilePage): Promise<FileRecord[]> {
    const place = sql`(${uploadedFiles.createdAt}, ${uploadedFiles.id})`;
    const cursor = after === undefined ? undefined : await this.get(identity, after);
    const beyond =
      cursor === undefined
        ? undefined
        : sql`${place} ${order === 'asc' ? sql`>` : sql`<`} (${cursor.createdAt.toISOString()}::timestamptz, ${cursor.id})`;
    const by = order === 'asc' ? asc : desc;
    const which = and(beyond, purpose === undefined ? undefined : eq(uploadedFiles.purpose, purpose));
    return await this.database.use((db) =>
      db
        .select()
        .from(uploadedFiles)
        .where(and(known(identity), which))
        .orderBy(by(uploadedFiles.createdAt), by(uploadedFiles.id))
        .limit(limit + 1),
    );
  }

  /** Forgets it; the upstream keeps it. @throws GatewayError 404; DatabaseUnavailable. */
  async forget(identity: Identity, id: string): Promise<FileRecord> {
    if (!isFileId(id)) throw fileNotFound('file_id');
    const [file] = await this.database.use((db) =>
      db
        .delete(uploadedFiles)
        .where(and(known(identity), eq(uploadedFiles.id, id)))
        .returning(),
    );
    if (file === undefined) throw fileNotFound('file_id');
    return file;
  }

  /** The alias of the key that has this caller's latest file: files of one key can be named together. */
  async latestKey(identity: Identity, provider: string): Promise<string | undefined> {
    const [latest] = await this.database.use((db) =>
      db
        .select({ credential: uploadedFiles.credential })
        .from(uploadedFiles)
        .where(and(known(identity), eq(uploadedFiles.provider, provider)))
        .orderBy(desc(uploadedFiles.createdAt))
        .limit(1),
    );
    return latest?.credential;
  }

  /**
   * The files that an edit names. All belong to one key of its upstream.
   * @throws GatewayError 400 or 404 that names the reference at fault; DatabaseUnavailable.
   */
  async named(
    references: readonly FileReference[],
    identity: Identity,
    upstream: Pick<Upstream, 'name' | 'credentials'>,
  ): Promise<UploadedFile[]> {
    if (references.length === 0) return [];
    const ids = [...new Set(references.map(({ id }) => id))].filter(isFileId);
    const found = await this.#find(identity, inArray(uploadedFiles.id, ids));
    const byId = new Map(found.map((file) => [file.id, file]));
    const keys = new Set(upstream.credentials.list().map(({ alias }) => alias));
    let owner: string | undefined;
    return references.map(({ id, index, param }) => {
      const file = byId.get(id);
      if (file === undefined || !keys.has(file.credential)) throw fileNotFound(param);
      if (file.provider !== upstream.name) throw elsewhere(file, upstream, param);
      owner ??= file.credential;
      if (file.credential !== owner) throw ofAnotherKey(param);
      return { ...file, index };
    });
  }

  #find(identity: Identity, which: SQL): Promise<FileRecord[]> {
    return this.database.use((db) =>
      db
        .select()
        .from(uploadedFiles)
        .where(and(known(identity), which)),
    );
  }
}

const known = (identity: Identity): SQL | undefined =>
  and(
    eq(uploadedFiles.caller, callerName(identity)),
    or(isNull(uploadedFiles.expiresAt), gt(uploadedFiles.expiresAt, sql`now()`)),
  );

const newFileId = (): string => `file-${randomBytes(18).toString('base64url')}`;

/** Whatever else is asked for is unknown without a look: PostgreSQL would refuse some of it, such as NUL. */
const FILE_ID = /^file-[\w-]{24}$/;
const isFileId = (id: string): boolean => FILE_ID.test(id);

function elsewhere(file: FileRecord, { name }: Pick<Upstream, 'name'>, param: string): Error {
  return badRequest(
    `The file is at ${file.provider}, and the model at ${name}. Upload it with the field model set to that model.`,
    { code: 'file_elsewhere', param },
  );
}

function ofAnotherKey(param: string): Error {
  return badRequest(
    "The files belong to different keys of the gateway's, which no upstream takes in one edit. Upload this one again.",
    { code: 'file_elsewhere', param },
  );
}
