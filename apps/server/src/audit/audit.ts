import { Inject, Injectable } from '@nestjs/common';
import { desc, lt } from 'drizzle-orm';
import type { Logger } from 'pino';
import { Database, type Tx } from '../database/database.ts';
import { LOGGER } from '../logging/logging.module.ts';
import { auditLog } from './audit.tables.ts';
import type { Actor, AuditEntry } from './audit-entry.ts';

export type AuditRow = typeof auditLog.$inferSelect;

/** The book of what was done with the gateway itself: always in the log, and in the database when it is there. */
@Injectable()
export class Audit {
  constructor(
    private readonly database: Database,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Enters what `tx` does, in the same transaction: neither is without the other. */
  async record(tx: Tx, actor: Actor, entry: AuditEntry): Promise<void> {
    await tx.insert(auditLog).values(rowOf(actor, entry));
    this.#log(actor, entry);
  }

  /** Enters what was done outside the database. Never throws: while the database is away the log alone has it. */
  async note(actor: Actor, entry: AuditEntry): Promise<void> {
    this.#log(actor, entry);
    try {
      await this.database.use((db) => db.insert(auditLog).values(rowOf(actor, entry)));
    } catch (error) {
      // The message of a failed query holds its values; its cause says what is wrong.
      const { cause } = error as Error;
      this.logger.warn(
        { err: cause ?? error, action: entry.action },
        'An entry of the audit log is in this log only',
      );
    }
  }

  /** The latest entries first; those before entry `before`, when given. */
  async list(limit: number, before?: number): Promise<AuditRow[]> {
    return await this.database.use((db) =>
      db
        .select()
        .from(auditLog)
        .where(before === undefined ? undefined : lt(auditLog.id, before))
        .orderBy(desc(auditLog.id))
        .limit(limit),
    );
  }

  #log({ who, address, requestId }: Actor, { action, target, detail }: AuditEntry): void {
    this.logger.info(
      { audit: action, who, address, request_id: requestId, target, detail },
      `Audit: ${action}`,
    );
  }
}

const rowOf = (actor: Actor, entry: AuditEntry) => ({ ...actor, ...entry });
