/** Messages to people outside: what about, and by which way. Secrets of a way are named, never held. */

/** What people are told of. */
export const NOTICE_KINDS = ['approval-needed', 'trial-parked', 'budget-80', 'sweep-paused', 'sweep-finished'] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** Where a secret is found when it is needed: `env:NAME` or `file:/absolute/path`. */
export type SecretRef = `env:${string}` | `file:${string}`;

export const SECRET_REF = /^(env:[A-Za-z_][A-Za-z0-9_]*|file:\/.+)$/;

export const isSecretRef = (text: string): text is SecretRef => SECRET_REF.test(text);

/** A way to tell people, with the kinds of notices that take it; all of them when `on` is absent. */
export type NoticeChannel = { readonly on?: readonly NoticeKind[] } & (
  | {
      /** An address without secrets, or where it is found. */
      readonly webhook: string;
      /** Sent as `Authorization: Bearer ...`. */
      readonly token?: SecretRef;
      /** Key of the HMAC-SHA-256 of the body, sent as `X-Titrate-Signature`. */
      readonly signingKey?: SecretRef;
    }
  | {
      /** Program and arguments; no shell. The notice comes on its standard input. */
      readonly command: readonly string[];
    }
);

/** What is told: the body of a webhook, the standard input of a command. */
export interface Notice {
  readonly kind: NoticeKind;
  readonly sweep: string;
  /** When it was stated (ISO 8601, UTC). */
  readonly at: string;
  /** The trial or the number that it is about. */
  readonly about: string;
  /** One sentence for people. */
  readonly text: string;
  /** What to do about it, as a command line; absent when nothing is asked for. */
  readonly command?: string;
}

/** Does this way take notices of this kind? */
export const takes = ({ on }: NoticeChannel, kind: NoticeKind): boolean => on === undefined || on.includes(kind);

/** Names a way without its address. */
export const channelName = (channel: NoticeChannel, index: number): string =>
  `${index + 1} (${'webhook' in channel ? 'webhook' : 'command'})`;
