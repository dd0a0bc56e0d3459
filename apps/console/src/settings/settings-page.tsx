import type { JSX } from 'preact';
import type { ConsoleInfo } from '../api/wire.ts';
import { KeysSection } from '../keys/keys-section.tsx';
import { Header } from '../ui/header.tsx';
import type { Navigation } from '../ui/use-page.ts';
import { ChangeBar } from './change-bar.tsx';
import { sections } from './draft.ts';
import { History } from './history.tsx';
import { OutcomeReport } from './outcome-report.tsx';
import { SettingRow } from './setting-row.tsx';
import './settings-page.css';
import type { Setting, Settings } from './settings-api.ts';
import { type SettingsEditor, useSettings } from './use-settings.ts';

/** They decide what an upload costs and what it risks: they stand first, with their costs in sight. */
const FIRST = ['upload.reuse_session', 'upload.transport', 'pool.spares'];

const TITLES: Readonly<Record<string, string>> = {
  upload: 'Uploads',
  pool: 'Connections',
  retry: 'Retries',
  limits: 'Time limits of an attempt',
  fallback: 'Falling back to HTTP/1.1',
  alerts: 'Alerts',
};

export interface SettingsPageProps {
  readonly info: ConsoleInfo;
  readonly navigation: Navigation;
}

export function SettingsPage({ info, navigation }: SettingsPageProps): JSX.Element {
  const editor = useSettings();
  const { settings, outcome, refusal, draft } = editor;
  return (
    <div class="settings-page">
      <Header info={info} navigation={navigation} />
      <main class="settings">
        <div class="settings-main">
          <h1>Settings</h1>
          {settings && <Standing settings={settings} />}
          {outcome && !outcome.dry_run && <OutcomeReport outcome={outcome} />}
          {refusal && Object.keys(draft).length === 0 && (
            <p class="problem" role="alert">
              {refusal.message}
            </p>
          )}
          {settings && <Groups editor={editor} settings={settings} />}
          <ChangeBar editor={editor} />
          <KeysSection />
        </div>
        <History editor={editor} />
      </main>
    </div>
  );
}

function Standing({ settings }: { readonly settings: Settings }): JSX.Element {
  const { revision, made, database, ignored } = settings;
  return (
    <>
      <p class="small">
        {made === null
          ? 'As configured: nothing has been changed here.'
          : `Revision ${revision}, by ${made.who}, ${new Date(made.at).toLocaleString()}: ${made.why}`}
      </p>
      <p class="small">A change takes effect at once, in every instance, and drops no upload.</p>
      {database === 'unavailable' && (
        <p class="problem" role="alert">
          The database is away: settings can be looked at, not changed.
        </p>
      )}
      {ignored.map(({ key, why }) => (
        <p key={key} class="problem">
          A stored value of {key} is ignored: {why}
        </p>
      ))}
    </>
  );
}

function Groups({
  editor,
  settings,
}: {
  readonly editor: SettingsEditor;
  readonly settings: Settings;
}): JSX.Element {
  const { draft, pending } = editor;
  const row = (setting: Setting, large = false): JSX.Element => (
    <SettingRow
      key={setting.key}
      setting={setting}
      typed={draft[setting.key]}
      problem={pending.problems[setting.key]}
      disabled={settings.database === 'unavailable'}
      large={large}
      onType={editor.type}
    />
  );
  return (
    <>
      <section aria-label="How uploads travel">
        {settings.settings.filter(({ key }) => FIRST.includes(key)).map((setting) => row(setting, true))}
      </section>
      {sections(settings.settings, FIRST).map(([name, group]) => (
        <section key={name} aria-label={TITLES[name] ?? name}>
          <h2>{TITLES[name] ?? name}</h2>
          {group.map((setting) => row(setting))}
        </section>
      ))}
    </>
  );
}
