import { z } from 'zod';
import { PlainText } from '../shared/index.js';

/** The source of transfers between users: the two halves find each other by it, so nobody else may use it. */
export const TRANSFER_SOURCE = 'transfer';

/** Who outside of Nestegg moves the money, such as a payment provider. */
export const ExternalSource = PlainText(40).refine(source => source !== TRANSFER_SOURCE, 'is kept for transfers');

/** Under which name an event is known over there: unique per user and source. */
export const ExternalReference = z.strictObject({ source: ExternalSource, reference: PlainText(120) });
