import { v7 } from 'uuid';
import { z } from 'zod';

/** A new UUIDv7 (RFC 9562): made in the application, ordered by time, so newer rows sort last. */
export const newId = (): string => v7();

/** An id as the services take it: canonical lower-case text. */
export const Id = z.uuid().regex(/^[0-9a-f-]{36}$/, 'must be lower case');
