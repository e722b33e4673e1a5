package import GatewayHTTP

/// What is known about a request from a page of another origin (CORS, section 3.3 of the Fetch standard). The `cors`
/// middleware of a route decides what follows from it.
package struct CrossOrigin {
    /// A request with which a browser asks whether it may send another one.
    package enum Preflight: UInt8 {
        /// The request is not a preflight for a route with the `cors` middleware.
        case none
        /// The exchange has the plan of the request that the browser wants to send.
        case routed
        /// No route accepts the method that the browser wants to use.
        case methodNotAllowed
    }

    package var preflight = Preflight.none
    /// The middleware's index of the allowed origin, or a negative number.
    package var allowed: Int16 = -1
    /// The allowed origin, as a range in the request. It remains valid when a middleware removes the field.
    package var origin = ByteRange.empty
}
