import { InputError } from './errors.js';

/**
 * The text of a file that a person wrote; a mark of the byte order stays in front. `what` the file is goes into the message.
 * @throws InputError when it is not UTF-8: a name in it would be another one, and two names could be one.
 */
export const utf8Text = (bytes: Uint8Array, file: string, what: string): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    const found = 'bytes that are none, as of UTF-16 or Latin-1';
    throw new InputError(`the ${what} cannot be read`, [{ path: file, expected: 'text in UTF-8', found }], { cause });
  }
};
