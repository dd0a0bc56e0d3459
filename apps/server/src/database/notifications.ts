export type NotificationHandler = (payload: string) => void;

/** Who wants to hear which channel. */
export class Notifications {
  readonly #handlers = new Map<string, Set<NotificationHandler>>();

  channels(): string[] {
    return [...this.#handlers.keys()];
  }

  /** True for the first of its channel. */
  add(channel: string, handler: NotificationHandler): boolean {
    const handlers = this.#handlers.get(channel);
    if (handlers !== undefined) {
      handlers.add(handler);
      return false;
    }
    this.#handlers.set(channel, new Set([handler]));
    return true;
  }

  /** True for the last of its channel. */
  remove(channel: string, handler: NotificationHandler): boolean {
    const handlers = this.#handlers.get(channel);
    if (handlers === undefined || !handlers.delete(handler) || handlers.size > 0) return false;
    return this.#handlers.delete(channel);
  }

  tell(channel: string, payload: string): void {
    for (const handler of [...(this.#handlers.get(channel) ?? [])]) handler(payload);
  }
}
