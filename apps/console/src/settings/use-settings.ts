import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import type { Answer, Refusal } from '../api/request-json.ts';
import { type Draft, type Pending, pending, type Typed, typed } from './draft.ts';
import {
  changeSettings,
  fetchRevisions,
  fetchSettings,
  type Outcome,
  type Revision,
  rollBack,
  type Setting,
  type Settings,
} from './settings-api.ts';

/** How often the page looks whether somebody else has changed something. Milliseconds. */
const LOOK_MS = 5_000;

export interface SettingsEditor {
  /** Undefined until the gateway has answered. */
  readonly settings: Settings | undefined;
  readonly revisions: readonly Revision[];
  readonly draft: Draft;
  readonly pending: Pending;
  /** What the last change, dry run or rollback did or would do. */
  readonly outcome: Outcome | undefined;
  readonly refusal: Refusal | undefined;
  readonly busy: boolean;
  type(setting: Setting, now: Typed): void;
  discard(): void;
  /** Drops nothing that was typed, but goes on from what is in effect now. */
  catchUp(): void;
  apply(why: string, dryRun: boolean): Promise<boolean>;
  rollBack(revision?: number): Promise<void>;
}

export function useSettings(): SettingsEditor {
  const [settings, setSettings] = useState<Settings>();
  const [revisions, setRevisions] = useState<readonly Revision[]>([]);
  const [draft, setDraft] = useState<Draft>({});
  const [outcome, setOutcome] = useState<Outcome>();
  const [refusal, setRefusal] = useState<Refusal>();
  const [busy, setBusy] = useState(false);
  const dirty = Object.keys(draft).length > 0;

  const load = useCallback(async () => {
    const [now, history] = await Promise.all([fetchSettings(), fetchRevisions()]);
    if (now.ok) setSettings(now.value);
    else setRefusal(now.refusal);
    if (history.ok) setRevisions(history.value);
  }, []);
  useEffect(() => void load(), [load]);

  // While something is typed the page keeps to what it was typed against: the gateway tells of the conflict.
  useEffect(() => {
    if (dirty) return undefined;
    const timer = window.setInterval(() => {
      if (document.visibilityState === 'visible') void load();
    }, LOOK_MS);
    return () => window.clearInterval(timer);
  }, [dirty, load]);

  const settle = useCallback(
    async (answer: Answer<Outcome>): Promise<boolean> => {
      setRefusal(answer.ok ? undefined : answer.refusal);
      setOutcome(answer.ok ? answer.value : undefined);
      if (answer.ok && !answer.value.dry_run) {
        setDraft({});
        await load();
      }
      return answer.ok;
    },
    [load],
  );
  const doing = useCallback(
    async (work: () => Promise<Answer<Outcome>>): Promise<boolean> => {
      setBusy(true);
      try {
        return await settle(await work());
      } finally {
        setBusy(false);
      }
    },
    [settle],
  );

  const waiting = useMemo(() => pending(draft, settings?.settings ?? []), [draft, settings]);
  const revision = settings?.revision ?? 0;

  return {
    settings,
    revisions,
    draft,
    pending: waiting,
    outcome,
    refusal,
    busy,
    type: (setting, now) => {
      setDraft((before) => typed(before, setting, now));
      setOutcome(undefined);
      setRefusal(undefined);
    },
    discard: () => {
      setDraft({});
      setOutcome(undefined);
      setRefusal(undefined);
    },
    catchUp: () => {
      setRefusal(undefined);
      void load();
    },
    apply: (why, dryRun) => doing(() => changeSettings({ values: waiting.values, why, revision, dryRun })),
    rollBack: async (to) => void (await doing(() => rollBack(to))),
  };
}
