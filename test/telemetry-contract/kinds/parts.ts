// What happens below the gateway's span, by what is asked: whole trees, in the order in which spans start. "?" ends the line of a span
// that is left to chance: its callee was stopped when its caller gave up.
const below = (tree: string): readonly string[] => tree.split("\n").filter((line) => line !== "");

export const USER_FROM_DATABASE = below(`
  api-gateway CLIENT shop.user.v1.UserService/GetUser OK
    user-service SERVER shop.user.v1.UserService/GetUser OK
      user-service CLIENT SELECT users
`);

export const USER_FROM_CACHE = below(`
  api-gateway CLIENT shop.user.v1.UserService/GetUser OK
    user-service SERVER shop.user.v1.UserService/GetUser OK
`);

export const NO_USER = below(`
  api-gateway CLIENT shop.user.v1.UserService/GetUser NOT_FOUND
    user-service SERVER shop.user.v1.UserService/GetUser NOT_FOUND
      user-service CLIENT SELECT users
`);

export const ORDER_PAID = below(`
  api-gateway CLIENT shop.order.v1.OrderService/CreateOrder OK
    order-service SERVER shop.order.v1.OrderService/CreateOrder OK
      order-service CLIENT shop.user.v1.UserService/GetUser OK
        user-service SERVER shop.user.v1.UserService/GetUser OK
      order-service CLIENT INSERT orders
      order-service CLIENT shop.payment.v1.PaymentService/Charge OK
        payment-service SERVER shop.payment.v1.PaymentService/Charge OK
          payment-service CLIENT INSERT payments
          payment-service CLIENT INSERT sandbox_captures
          payment-service CLIENT BEGIN
          payment-service CLIENT UPDATE payments
          payment-service CLIENT INSERT ledger_entries
          payment-service CLIENT COMMIT
      order-service CLIENT UPDATE orders
`);

export const ORDER_DECLINED = below(`
  api-gateway CLIENT shop.order.v1.OrderService/CreateOrder FAILED_PRECONDITION
    order-service SERVER shop.order.v1.OrderService/CreateOrder FAILED_PRECONDITION
      order-service CLIENT shop.user.v1.UserService/GetUser OK
        user-service SERVER shop.user.v1.UserService/GetUser OK
      order-service CLIENT INSERT orders
      order-service CLIENT shop.payment.v1.PaymentService/Charge FAILED_PRECONDITION
        payment-service SERVER shop.payment.v1.PaymentService/Charge FAILED_PRECONDITION
          payment-service CLIENT INSERT payments
          payment-service CLIENT INSERT sandbox_captures
          payment-service CLIENT UPDATE payments
      order-service CLIENT UPDATE orders
`);

export const ORDER_OF_NOBODY = below(`
  api-gateway CLIENT shop.order.v1.OrderService/CreateOrder FAILED_PRECONDITION
    order-service SERVER shop.order.v1.OrderService/CreateOrder FAILED_PRECONDITION
      order-service CLIENT shop.user.v1.UserService/GetUser NOT_FOUND
        user-service SERVER shop.user.v1.UserService/GetUser NOT_FOUND
          user-service CLIENT SELECT users
      order-service CLIENT SELECT orders
`);

export const ORDER_REPEATED = below(`
  api-gateway CLIENT shop.order.v1.OrderService/CreateOrder OK
    order-service SERVER shop.order.v1.OrderService/CreateOrder OK
      order-service CLIENT shop.user.v1.UserService/GetUser OK
        user-service SERVER shop.user.v1.UserService/GetUser OK
      order-service CLIENT INSERT orders
      order-service CLIENT SELECT orders
`);

export const KEY_REUSED = below(`
  api-gateway CLIENT shop.order.v1.OrderService/CreateOrder ALREADY_EXISTS
    order-service SERVER shop.order.v1.OrderService/CreateOrder ALREADY_EXISTS
      order-service CLIENT shop.user.v1.UserService/GetUser OK
        user-service SERVER shop.user.v1.UserService/GetUser OK
      order-service CLIENT INSERT orders
      order-service CLIENT SELECT orders
`);

export const ORDER_FOUND = below(`
  api-gateway CLIENT shop.order.v1.OrderService/GetOrder OK
    order-service SERVER shop.order.v1.OrderService/GetOrder OK
      order-service CLIENT SELECT orders
`);

export const NO_ORDER = below(`
  api-gateway CLIENT shop.order.v1.OrderService/GetOrder NOT_FOUND
    order-service SERVER shop.order.v1.OrderService/GetOrder NOT_FOUND
      order-service CLIENT SELECT orders
`);

export const ORDERS_LISTED = below(`
  api-gateway CLIENT shop.order.v1.OrderService/ListOrders OK
    order-service SERVER shop.order.v1.OrderService/ListOrders OK
      order-service CLIENT SELECT orders
`);

export const ORDER_CANCELLED = below(`
  api-gateway CLIENT shop.order.v1.OrderService/CancelOrder OK
    order-service SERVER shop.order.v1.OrderService/CancelOrder OK
      order-service CLIENT SELECT orders
      order-service CLIENT UPDATE orders
      order-service CLIENT shop.payment.v1.PaymentService/Refund OK
        payment-service SERVER shop.payment.v1.PaymentService/Refund OK
          payment-service CLIENT INSERT payments
          payment-service CLIENT SELECT payments
          payment-service CLIENT INSERT sandbox_captures
          payment-service CLIENT BEGIN
          payment-service CLIENT UPDATE payments
          payment-service CLIENT INSERT ledger_entries
          payment-service CLIENT COMMIT
      order-service CLIENT UPDATE orders
`);

export const CANCELLED_BEFORE = below(`
  api-gateway CLIENT shop.order.v1.OrderService/CancelOrder OK
    order-service SERVER shop.order.v1.OrderService/CancelOrder OK
      order-service CLIENT SELECT orders
`);

export const NO_ORDER_TO_CANCEL = below(`
  api-gateway CLIENT shop.order.v1.OrderService/CancelOrder NOT_FOUND
    order-service SERVER shop.order.v1.OrderService/CancelOrder NOT_FOUND
      order-service CLIENT SELECT orders
`);

export const CALLEE_TOO_LATE = below(`
  api-gateway CLIENT shop.user.v1.UserService/GetUser DEADLINE_EXCEEDED ERROR
    user-service SERVER shop.user.v1.UserService/GetUser ?
`);

export const CALLEE_AWAY = below(`
  api-gateway CLIENT shop.user.v1.UserService/GetUser UNAVAILABLE ERROR
`);

export const CALL_CANCELLED = below(`
  api-gateway CLIENT shop.user.v1.UserService/GetUser CANCELLED ERROR
    user-service SERVER shop.user.v1.UserService/GetUser ?
`);
