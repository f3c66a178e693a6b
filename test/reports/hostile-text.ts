import fc from 'fast-check';

/** Text as a hostile job or sweep file might write it: markup, escape sequences, control and bidirectional characters. */
export const hostileText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '<script>alert(1)</script>',
        '"><img src=x onerror=alert(1)>',
        "' onmouseover='x",
        '</style>',
        '</pre><b>',
        '&lt;',
        '\u001b[31mred',
        '\u001b]0;title\u0007',
        '\u001b[2J\u001b[H',
        '\u009b31m',
        '\r\nforged line',
        '\u202egnp.exe',
        '\u0000',
        '`${x}`',
      ),
      fc.string({ unit: 'grapheme', maxLength: 12 }),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((parts) => parts.join(''));
