// Generated from libs/contracts by `python -m contracts.generate`. Change the code there, not this file.
// Types only. What they can't say (bounds, which fields go together) is in libs/contracts/schemas.

/** An instant, in UTC; RFC 3339. */
export type Timestamp = string;

/** A decimal number, written as a string so that no reader turns it into a binary float. */
export type DecimalText = string;

/** How far a target got at its marketplace. Accepted is not live. */
export type AppliedStatus = "accepted" | "live" | "rejected" | "superseded" | "unknown" | "unsupported" | "observed";

export type ChannelState = "active" | "paused" | "degraded" | "unauthorised";

/** How a channel fares, as its connector sees it. */
export interface ChannelStatusChanged {
  /**
   * @minLength 1
   * @maxLength 64
   */
  channel: string;
  state: ChannelState;
  /** Every order placed up to then has been read; on the channel's clock. */
  orders_known_until?: Timestamp | null;
  /** Age of the oldest target in the backlog. */
  oldest_pending_seconds?: number | null;
  /**
   * Listings whose newest target is neither accepted nor rejected.
   * @minimum 0
   * @maximum 2147483647
   * @default 0
   */
  backlog?: number;
  last_error?: string | null;
  /** Absent: the connector does not say, which counts as unknown. */
  restocks_on_cancel?: RestocksOnCancel | null;
}

export type Evidence = "read-back" | "ceiling";

/** Whose stock an order is served from: only `merchant` orders touch ours. */
export type FulfilledBy = "merchant" | "marketplace";

/** A line of an internal order, mapped to our SKU. */
export interface ImportedLine {
  /**
   * The marketplace's id of the line.
   * @minLength 1
   * @maxLength 256
   */
  line_reference: string;
  /**
   * @minLength 1
   * @maxLength 64
   */
  sku: string;
  title?: string | null;
  /**
   * What was ordered; shipped and cancelled units are part of it.
   * @minimum 0
   * @maximum 2147483647
   */
  quantity: number;
  /**
   * @minimum 0
   * @maximum 2147483647
   * @default 0
   */
  quantity_shipped?: number;
  /**
   * @minimum 0
   * @maximum 2147483647
   * @default 0
   */
  quantity_cancelled?: number;
  unit_price?: Money | null;
}

/** What a marketplace had to say about one write. */
export interface Issue {
  /** The marketplace's own code. */
  code: string;
  message: string;
  /** @default "error" */
  severity?: string;
}

/** A SKU is (or is no longer) offered on a channel. */
export interface ListingChanged {
  /**
   * @minLength 1
   * @maxLength 64
   */
  channel: string;
  /**
   * @minLength 1
   * @maxLength 64
   */
  sku: string;
  /**
   * The SKU that the seller gave to the listing on the channel.
   * @minLength 1
   * @maxLength 256
   */
  external_sku: string;
  /** The channel's own id: the ASIN or the Noon SKU. */
  external_id?: string | null;
  external_url?: string | null;
  /** @default true */
  is_active?: boolean;
}

/** An order as its marketplace tells it now. */
export interface MarketplaceOrderReceived {
  /**
   * @minLength 1
   * @maxLength 64
   */
  channel: string;
  /**
   * @minLength 1
   * @maxLength 256
   */
  external_order_id: string;
  status: OrderStatus;
  /** On the channel's clock. */
  placed_at: Timestamp;
  /** On the channel's clock: the newest version wins. */
  updated_at: Timestamp;
  /** @default "merchant" */
  fulfilled_by?: FulfilledBy;
  payment_method?: string | null;
  /** When the merchant must have shipped it. */
  ship_by?: Timestamp | null;
  total?: Money | null;
  /** @minItems 1 */
  lines: Array<OrderLine>;
  /** The marketplace's answer, personal data removed. */
  raw?: Record<string, unknown>;
}

/** An amount in a currency. */
export interface Money {
  /**
   * In the currency's main unit: pounds, not piastres.
   * @pattern "^-?[0-9]+(\\.[0-9]+)?$"
   */
  amount: DecimalText;
  /**
   * ISO 4217, such as EGP.
   * @pattern "^[A-Z]{3}$"
   */
  currency: string;
}

/** An internal order changed after its import. */
export interface OrderChanged {
  /**
   * @minLength 1
   * @maxLength 256
   */
  order_id: string;
  /**
   * The channel where it was placed.
   * @minLength 1
   * @maxLength 64
   */
  source: string;
  /**
   * @minLength 1
   * @maxLength 256
   */
  external_order_id: string;
  status: OrderStatus;
  workflow: Workflow;
  lines: Array<ImportedLine>;
}

/** A marketplace order became an internal order. */
export interface OrderImported {
  /**
   * @minLength 1
   * @maxLength 256
   */
  order_id: string;
  /**
   * The channel where it was placed.
   * @minLength 1
   * @maxLength 64
   */
  source: string;
  /**
   * @minLength 1
   * @maxLength 256
   */
  external_order_id: string;
  status: OrderStatus;
  workflow: Workflow;
  lines: Array<ImportedLine>;
}

/** One line of a marketplace's order. */
export interface OrderLine {
  /**
   * @minLength 1
   * @maxLength 256
   */
  external_line_id: string;
  /**
   * @minLength 1
   * @maxLength 256
   */
  external_sku: string;
  title?: string | null;
  /**
   * What was ordered; shipped and cancelled units are part of it.
   * @minimum 0
   * @maximum 2147483647
   */
  quantity: number;
  /**
   * @minimum 0
   * @maximum 2147483647
   * @default 0
   */
  quantity_shipped?: number;
  /**
   * @minimum 0
   * @maximum 2147483647
   * @default 0
   */
  quantity_cancelled?: number;
  unit_price?: Money | null;
}

/** The storefront shipped all or a part of a marketplace order. */
export interface OrderShipped {
  /**
   * @minLength 1
   * @maxLength 64
   */
  channel: string;
  /**
   * @minLength 1
   * @maxLength 256
   */
  external_order_id: string;
  /** @minItems 1 */
  packages: Array<Package>;
}

export type OrderStatus = "pending" | "unshipped" | "partially_shipped" | "shipped" | "cancelled" | "unfulfillable" | "unknown";

/** All orders placed on `channel` up to `known_until` precede this record in its partition. It has no key: one is written to each partition. */
export interface OrdersWatermark {
  /**
   * @minLength 1
   * @maxLength 64
   */
  channel: string;
  /** On the channel's clock. */
  known_until: Timestamp;
  /** True: an order that it speaks of is set aside all the same, since what held the watermark for it ran out. */
  is_incomplete?: boolean | null;
}

/** One parcel. */
export interface Package {
  /**
   * Ours; the same when the parcel is told again.
   * @minLength 1
   * @maxLength 256
   */
  package_id: string;
  /** The marketplace's code of the carrier. */
  carrier_code: string;
  carrier_name?: string | null;
  tracking_number: string;
  shipped_at: Timestamp;
  lines: Array<PackageLine>;
}

/** What of one order line is in the parcel. */
export interface PackageLine {
  /**
   * @minLength 1
   * @maxLength 256
   */
  external_line_id: string;
  /**
   * @minimum 0
   * @maximum 2147483647
   */
  quantity: number;
}

/** What became of a price target, or what the marketplace was seen to show. */
export interface PriceApplied {
  /**
   * @minLength 1
   * @maxLength 64
   */
  channel: string;
  /**
   * @minLength 1
   * @maxLength 64
   */
  sku: string;
  /**
   * The target's. Absent: an `observed` reading, which belongs to no revision.
   * @minimum 1
   */
  revision?: number | null;
  status: AppliedStatus;
  submitted_at?: Timestamp | null;
  /** From when on it is taken as live, on the channel's clock as far as `clock_offset_ms` is known. */
  live_at?: Timestamp | null;
  /** Of an `unknown` outcome: if the write is not live by then it never will be. The clock is that of `live_at`. */
  may_go_live_until?: Timestamp | null;
  /** What proves that it is live. */
  evidence?: Evidence | null;
  /** When the marketplace was read, on its own clock where it shows one. Absent: it was not, since it can't be. */
  observed_at?: Timestamp | null;
  /** The marketplace's clock minus ours. Absent: it shows no clock, and all times are on ours. */
  clock_offset_ms?: number | null;
  /** How far the offset may be wrong. */
  margin_ms?: number | null;
  /**
   * @minimum 0
   * @default 0
   */
  attempt?: number;
  /** The marketplace's id of the API call. */
  request_id?: string | null;
  /** The marketplace's id of the write, for looking it up there. */
  submission_id?: string | null;
  /** @default [] */
  issues?: Array<Issue>;
  /** The target's. */
  price?: Money | null;
  /** What the marketplace shows. */
  observed_price?: Money | null;
}

/** What a channel should charge for a SKU from now on; newest revision wins. */
export interface PriceTarget {
  /**
   * @minLength 1
   * @maxLength 64
   */
  channel: string;
  /**
   * @minLength 1
   * @maxLength 64
   */
  sku: string;
  /**
   * @minLength 1
   * @maxLength 256
   */
  external_sku: string;
  price: Money;
  /** @minimum 1 */
  revision: number;
  /** The inputs and the arithmetic, for people. */
  explanation?: Record<string, unknown>;
}

/** The storefront's catalogue has a new or changed product. */
export interface ProductChanged {
  /**
   * @minLength 1
   * @maxLength 64
   */
  sku: string;
  /** @maxLength 1000 */
  title: string;
  /** @maxLength 256 */
  category?: string | null;
  /** Before a channel's price rules. */
  base_price?: Money | null;
  /**
   * A fraction: 0.14 is 14 %.
   * @pattern "^-?[0-9]+(\\.[0-9]+)?$"
   */
  vat_rate?: DecimalText | null;
  /** @default true */
  is_active?: boolean;
}

/** A reservation of the storefront, for one SKU, changed its status. */
export interface ReservationChanged {
  /**
   * @minLength 1
   * @maxLength 256
   */
  reservation_id: string;
  /**
   * @minLength 1
   * @maxLength 64
   */
  sku: string;
  /**
   * @minimum 0
   * @maximum 2147483647
   */
  quantity: number;
  status: ReservationStatus;
  /** When the units are free again unless a sale consumes them. */
  expires_at?: Timestamp | null;
}

export type ReservationStatus = "waiting" | "granted" | "refused" | "consumed" | "released" | "expired";

/** Whether a marketplace itself puts the units of a cancelled order back on sale. */
export type RestocksOnCancel = "yes" | "no" | "unknown";

/** What a marketplace answered to the confirmation of one package. */
export interface ShipmentApplied {
  /**
   * @minLength 1
   * @maxLength 64
   */
  channel: string;
  /**
   * @minLength 1
   * @maxLength 256
   */
  external_order_id: string;
  /**
   * @minLength 1
   * @maxLength 256
   */
  package_id: string;
  status: AppliedStatus;
  /** @default [] */
  issues?: Array<Issue>;
}

/** What became of a stock target, or what the marketplace was seen to show. */
export interface StockApplied {
  /**
   * @minLength 1
   * @maxLength 64
   */
  channel: string;
  /**
   * @minLength 1
   * @maxLength 64
   */
  sku: string;
  /**
   * The target's. Absent: an `observed` reading, which belongs to no revision.
   * @minimum 1
   */
  revision?: number | null;
  status: AppliedStatus;
  submitted_at?: Timestamp | null;
  /** From when on it is taken as live, on the channel's clock as far as `clock_offset_ms` is known. */
  live_at?: Timestamp | null;
  /** Of an `unknown` outcome: if the write is not live by then it never will be. The clock is that of `live_at`. */
  may_go_live_until?: Timestamp | null;
  /** What proves that it is live. */
  evidence?: Evidence | null;
  /** When the marketplace was read, on its own clock where it shows one. Absent: it was not, since it can't be. */
  observed_at?: Timestamp | null;
  /** The marketplace's clock minus ours. Absent: it shows no clock, and all times are on ours. */
  clock_offset_ms?: number | null;
  /** How far the offset may be wrong. */
  margin_ms?: number | null;
  /**
   * @minimum 0
   * @default 0
   */
  attempt?: number;
  /** The marketplace's id of the API call. */
  request_id?: string | null;
  /** The marketplace's id of the write, for looking it up there. */
  submission_id?: string | null;
  /** @default [] */
  issues?: Array<Issue>;
  /**
   * The target's.
   * @minimum 0
   * @maximum 2147483647
   */
  quantity?: number | null;
  /**
   * What the marketplace shows. Absent in an `observed`: this listing can't be read; `issues` says why.
   * @minimum 0
   * @maximum 2147483647
   */
  observed_quantity?: number | null;
}

/** Units came or went. A `stocktake` states what was counted (`counted_qty` at `counted_at`); every other reason states a change: below zero for a sale, above zero for a restock, a return or a cancellation, either for an adjustment. */
export interface StockChanged {
  /**
   * @minLength 1
   * @maxLength 64
   */
  sku: string;
  reason: StockReason;
  /**
   * Units that came (above 0) or went (below 0); never 0.
   * @minimum -2147483647
   * @maximum 2147483647
   */
  change_qty?: number | null;
  /**
   * Stocktake only: the units counted, without those sold but not yet shipped.
   * @minimum 0
   * @maximum 2147483647
   */
  counted_qty?: number | null;
  /** Stocktake only: when they were counted. */
  counted_at?: Timestamp | null;
  /**
   * Where it happened.
   * @minLength 1
   * @maxLength 64
   */
  channel?: string | null;
  /** When the order was placed, on the channel's clock. */
  placed_at?: Timestamp | null;
  /**
   * The order, delivery or count behind it.
   * @minLength 1
   * @maxLength 256
   */
  reference?: string | null;
  /**
   * The order's line.
   * @minLength 1
   * @maxLength 256
   */
  line_reference?: string | null;
  /**
   * The reservation that this sale consumes.
   * @minLength 1
   * @maxLength 256
   */
  reservation_id?: string | null;
}

/** Why stock changed. */
export type StockReason = "sale" | "restock" | "return" | "cancellation" | "adjustment" | "stocktake";

/** What a channel should offer of a SKU from now on: an absolute quantity, newest revision wins. */
export interface StockTarget {
  /**
   * @minLength 1
   * @maxLength 64
   */
  channel: string;
  /**
   * @minLength 1
   * @maxLength 64
   */
  sku: string;
  /**
   * @minLength 1
   * @maxLength 256
   */
  external_sku: string;
  /**
   * @minimum 0
   * @maximum 2147483647
   */
  quantity: number;
  /** @minimum 1 */
  revision: number;
  /**
   * A reading above this and up to `quantity` proves that the target is live. Absent: escrow has not stated it.
   * @minimum 0
   * @maximum 2147483647
   */
  live_above?: number | null;
  urgency: Urgency;
  /** The inputs and the arithmetic, for people. */
  explanation?: Record<string, unknown>;
}

/** Somebody asks that a channel be brought in step again, wholly or for one SKU or order. */
export interface SyncRequested {
  /**
   * @minLength 1
   * @maxLength 64
   */
  channel: string;
  scope: SyncScope;
  /**
   * Absent: every SKU.
   * @minLength 1
   * @maxLength 64
   */
  sku?: string | null;
  /**
   * Absent: every order.
   * @minLength 1
   * @maxLength 256
   */
  external_order_id?: string | null;
}

export type SyncScope = "stock" | "prices" | "orders" | "listings" | "all";

/** How soon a target must reach its channel, the most urgent first. */
export type Urgency = "oversell" | "decrease" | "increase";

/** Whose order it is. A marketplace's (`marketplace_direct`) is prepaid or COD and never in an instalment plan. */
export type Workflow = "marketplace_direct" | "storefront";

/** One event as it goes over the wire. `id` is the idempotency key: whoever sees it twice acts once. `correlationid` is the id of the first cause, `causationid` that of the direct cause. */
export interface CloudEvent<Type extends string, Data> {
  /** @default "1.0" */
  specversion: "1.0";
  /**
   * Unique: the idempotency key.
   * @minLength 1
   * @maxLength 256
   */
  id: string;
  /**
   * The service that says it, such as `/inventory`.
   * @minLength 1
   */
  source: string;
  /** The record's key. */
  subject?: string | null;
  /** When the event was written. */
  time: Timestamp;
  /** @default "application/json" */
  datacontenttype?: "application/json";
  /** The id of the first cause. */
  correlationid?: string | null;
  /** The id of the direct cause. */
  causationid?: string | null;
  /** W3C Trace Context. */
  traceparent?: string | null;
  /** What the event is; decides the shape of `data`. */
  type: Type;
  data: Data;
}

/** What each type of event carries. */
export interface EventData {
  "product.changed.v1": ProductChanged;
  "stock.changed.v1": StockChanged;
  "orders.watermark.v1": OrdersWatermark;
  "listing.changed.v1": ListingChanged;
  "channel.stock.target.v1": StockTarget;
  "channel.price.target.v1": PriceTarget;
  "channel.stock.applied.v1": StockApplied;
  "channel.price.applied.v1": PriceApplied;
  "marketplace.order.received.v1": MarketplaceOrderReceived;
  "order.imported.v1": OrderImported;
  "order.changed.v1": OrderChanged;
  "order.shipped.v1": OrderShipped;
  "channel.shipment.applied.v1": ShipmentApplied;
  "reservation.changed.v1": ReservationChanged;
  "channel.sync.requested.v1": SyncRequested;
  "channel.status.changed.v1": ChannelStatusChanged;
}

/** The types of events that each topic may carry. */
export interface TopicEventTypes {
  "product.changed": "product.changed.v1";
  "stock.changed": "stock.changed.v1" | "orders.watermark.v1";
  "listing.changed": "listing.changed.v1";
  "channel.stock.target": "channel.stock.target.v1";
  "channel.price.target": "channel.price.target.v1";
  "channel.stock.applied": "channel.stock.applied.v1";
  "channel.price.applied": "channel.price.applied.v1";
  "marketplace.order.received": "marketplace.order.received.v1" | "orders.watermark.v1";
  "order.imported": "order.imported.v1";
  "order.changed": "order.changed.v1";
  "order.shipped": "order.shipped.v1";
  "channel.shipment.applied": "channel.shipment.applied.v1";
  "reservation.changed": "reservation.changed.v1";
  "channel.sync.requested": "channel.sync.requested.v1";
  "channel.status.changed": "channel.status.changed.v1";
}

/** The types of events. */
export type EventType = keyof EventData;

/** An event of the type `T`; by default of any type: a look at `type` then tells the shape of `data`. */
export type MizanEvent<T extends EventType = EventType> = { [K in T]: CloudEvent<K, EventData[K]> }[T];

/** An event that the topic `T` may carry. */
export type TopicEvent<T extends keyof TopicEventTypes> = MizanEvent<TopicEventTypes[T]>;
