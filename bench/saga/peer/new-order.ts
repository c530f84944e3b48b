import { Type } from "class-transformer";
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsPositive,
  Matches,
  Max,
  Min,
  ValidateNested,
} from "class-validator";
import { decorateProperty } from "./decorate.ts";

export class NewItem {
  declare product_id: number;
  declare quantity: number;
  declare price: number;
}
decorateProperty(NewItem, "product_id", IsInt(), IsPositive());
decorateProperty(NewItem, "quantity", IsInt(), IsPositive(), Max(10_000));
decorateProperty(NewItem, "price", IsNumber({ maxDecimalPlaces: 2 }), Min(0));

/** The body of POST /api/orders. */
export class NewOrder {
  declare user_id: number;
  declare items: NewItem[];
  declare currency?: string;
  declare payment_method?: string;
  declare idempotency_key?: string;
}
decorateProperty(NewOrder, "user_id", IsInt(), IsPositive());
decorateProperty(
  NewOrder,
  "items",
  ArrayMinSize(1),
  ArrayMaxSize(100),
  ValidateNested({ each: true }),
  Type(() => NewItem),
);
decorateProperty(NewOrder, "currency", IsOptional(), IsIn(["USD", "EUR", "GBP"]));
decorateProperty(NewOrder, "payment_method", IsOptional(), Matches(/^tok_[a-z_]{1,60}$/));
decorateProperty(NewOrder, "idempotency_key", IsOptional(), Matches(/^[!-~]{1,128}$/));
