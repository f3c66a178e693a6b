/** Where a command speaks. Results go to stdout once, at the end; everything before that goes through here. */
export interface Io {
  readonly json: boolean;
  /** Where progress is drawn: stdout for people, stderr beside JSON. */
  readonly stream: NodeJS.WriteStream;
  /** May lines be redrawn in place? */
  readonly live: boolean;
  readonly colour: boolean;
  /** Says one line beside the result, such as which server was found; always on stderr. */
  note(line: string): void;
  /** Columns of the terminal at this moment. */
  width(): number;
}

const FALLBACK_WIDTH = 100; // of a pipe or a file

/** Chooses streams and abilities from the flags, the terminal, NO_COLOR and TERM. */
export const createIo = (json: boolean, env: NodeJS.ProcessEnv = process.env): Io => {
  const stream = json ? process.stderr : process.stdout;
  const isDumb = env['TERM'] === 'dumb';
  const live = stream.isTTY === true && !isDumb;
  return {
    json,
    stream,
    live,
    colour: live && !env['NO_COLOR'],
    note: (line) => void process.stderr.write(`${line}\n`),
    width: () => (stream.isTTY === true ? stream.columns || FALLBACK_WIDTH : FALLBACK_WIDTH),
  };
};
