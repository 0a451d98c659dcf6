import { describe, expect, test } from 'vitest';
import { normalizeEmail } from '../../src/identity/index.js';

describe('an e-mail address', () => {
  test.each([
    ['anna@example.com', 'as it should be'],
    ['Anna@Example.COM', 'in capitals'],
    ['  anna@example.com\n', 'with spaces around it'],
    ['ａｎｎａ＠ｅｘａｍｐｌｅ．ｃｏｍ', 'in full-width letters'],
    ['ＡＮＮＡ@example.com', 'in full-width capitals'],
    ['anna﹫example.com', 'with the small commercial at'],
    ['anna@example.com\u00a0', 'with a no-break space behind it'],
  ])('%s is one and the same, %s', text => {
    expect(normalizeEmail(text)).toBe('anna@example.com');
  });

  test('keeps dots and tags, which mean something to some providers', () => {
    expect(normalizeEmail('Anna.Maria+nestegg@mail.example.co.uk')).toBe('anna.maria+nestegg@mail.example.co.uk');
  });

  test('in its normal form does not change again', () => {
    for (const text of ['ＫＥＬＶＩＮ@example.com', 'K@example.com', 'ANNA@EXAMPLE.COM']) {
      const normal = normalizeEmail(text);
      expect(normalizeEmail(normal)).toBe(normal);
    }
  });

  // RFC 5321, 4.5.3.1.3: a path of 256 characters with its two brackets.
  test('has up to 254 characters', () => {
    expect(normalizeEmail(`${'a'.repeat(242)}@example.com`)).toHaveLength(254);
    expect(() => normalizeEmail(`${'a'.repeat(243)}@example.com`)).toThrow('expected string to have <=254 characters');
  });

  test('may be longer before spaces go, within reason', () => {
    expect(normalizeEmail(`anna@example.com${' '.repeat(300)}`)).toBe('anna@example.com');
    expect(() => normalizeEmail(`anna@example.com${' '.repeat(100_000)}`)).toThrow('Too big');
  });

  test.each([
    ['no at', 'anna.example.com'],
    ['two ats', 'anna@home@example.com'],
    ['no name', '@example.com'],
    ['no domain', 'anna@'],
    ['a domain of one word', 'anna@localhost'],
    ['a space in it', 'anna maria@example.com'],
    ['a line end in it', 'anna\n@example.com'],
    ['a NUL', 'anna\0@example.com'],
    ['two dots together', 'anna..maria@example.com'],
    ['nothing', ''],
    ['only spaces', '   '],
    ['a list of two', 'anna@example.com,ben@example.com'],
    ['a display name', 'Anna <anna@example.com>'],
  ])('with %s is refused', (_what, text) => {
    expect(() => normalizeEmail(text)).toThrow('Invalid email address');
  });

  test('is not repeated by the error that refuses it', () => {
    expect(() => normalizeEmail('secret address@example.com')).toThrow(
      expect.objectContaining({
        code: 'input.invalid',
        message: 'input: Invalid email address',
        details: { fields: 'input' },
      }),
    );
  });
});
