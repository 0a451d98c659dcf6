import { z } from 'zod';
import { AssetCode } from '../market/index.js';
import { Id, PositiveAmount } from '../shared/index.js';

const CollateralOffer = z
  .strictObject({
    holdingId: Id,
    assetCode: AssetCode,
    quantity: PositiveAmount.transform(quantity => quantity.toFixed()),
  })
  .readonly();

/** What an applicant would pledge: quantities, as text, of holdings of their own, each named once. */
export const CollateralOffers = z
  .array(CollateralOffer)
  .min(1)
  .max(20)
  .refine(
    offers => new Set(offers.map(({ holdingId }) => holdingId)).size === offers.length,
    'must name each holding once',
  )
  .readonly();
export type CollateralOffers = z.output<typeof CollateralOffers>;
