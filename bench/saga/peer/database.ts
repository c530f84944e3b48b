import { TypeOrmModule } from "@nestjs/typeorm";
import { EntitySchema, type EntitySchemaColumnOptions } from "typeorm";

/** The module of a database with these tables, which are made if missing. */
export const database = (...entities: EntitySchema<never>[] | EntitySchema[]) =>
  TypeOrmModule.forRoot({
    type: "postgres",
    url: process.env.DATABASE_URL,
    entities: entities as EntitySchema[],
    synchronize: true,
    poolSize: 10,
  });

const text = (length: number): EntitySchemaColumnOptions => ({ type: "varchar", length });
const nullable = (column: EntitySchemaColumnOptions): EntitySchemaColumnOptions => ({ ...column, nullable: true });
const key = (column: EntitySchemaColumnOptions): EntitySchemaColumnOptions => ({ ...column, primary: true });
const bigint: EntitySchemaColumnOptions = { type: "bigint" };

export type User = { id: number; name: string; email: string };
export const UserEntity = new EntitySchema<User>({
  name: "users",
  columns: {
    id: { type: "int", primary: true },
    name: text(200),
    email: { ...text(254), unique: true },
  },
});

export type OrderState = "pending" | "paid" | "rejected" | "cancelling" | "cancelled";
export type Item = { productId: number; quantity: number; unitPrice: { minorUnits: string; currency: string } };
export type Order = {
  id: string;
  userId: number;
  key: string;
  fingerprint: string;
  items: Item[];
  minorUnits: string;
  currency: string;
  paymentMethod: string;
  state: OrderState;
  rejectReason: string | null;
  createdAt: string;
  updatedAt: string;
};
export const OrderEntity = new EntitySchema<Order>({
  name: "orders",
  columns: {
    id: key(text(36)),
    userId: bigint,
    key: text(128),
    fingerprint: text(64),
    items: { type: "simple-json" },
    minorUnits: bigint,
    currency: text(3),
    paymentMethod: text(64),
    state: text(16),
    rejectReason: nullable(text(64)),
    createdAt: bigint,
    updatedAt: bigint,
  },
  uniques: [{ columns: ["userId", "key"] }],
  indices: [{ columns: ["userId", "id"] }, { columns: ["id", "state"], where: "state in ('pending', 'cancelling')" }],
});

export type Payment = {
  id: string;
  key: string;
  minorUnits: string;
  currency: string;
  fingerprint: string;
  state: "pending" | "charged" | "declined" | "refunded";
  declineReason: string | null;
  createdAt: string;
  updatedAt: string;
};
export const PaymentEntity = new EntitySchema<Payment>({
  name: "payments",
  columns: {
    id: key(text(36)),
    key: { ...text(128), unique: true },
    minorUnits: nullable(bigint),
    currency: nullable(text(3)),
    fingerprint: text(64),
    state: text(16),
    declineReason: nullable(text(64)),
    createdAt: bigint,
    updatedAt: bigint,
  },
});

export type LedgerEntry = {
  paymentId: string;
  account: string;
  movement: string;
  minorUnits: string;
  currency: string;
  bookedAt: string;
};
export const LedgerEntity = new EntitySchema<LedgerEntry>({
  name: "ledger_entries",
  columns: {
    paymentId: key(text(36)),
    movement: key(text(16)),
    account: key(text(32)),
    minorUnits: bigint,
    currency: text(3),
    bookedAt: bigint,
  },
  foreignKeys: [{ target: "payments", columnNames: ["paymentId"], referencedColumnNames: ["id"] }],
});

export type Capture = { key: string; state: "captured" | "declined" | "reversed"; reason: string | null };
export const CaptureEntity = new EntitySchema<Capture>({
  name: "sandbox_captures",
  columns: { key: key(text(128)), state: text(16), reason: nullable(text(64)) },
});
