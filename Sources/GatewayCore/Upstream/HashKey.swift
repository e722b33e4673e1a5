package import GatewayHTTP
import GatewayHTTP1
package import GatewaySettings
import NIOCore

/// The parts of a request that choose its endpoint with `balance = "hash"`.
package struct HashKey {
    package enum Part {
        case clientIP, route, global
        case header(HeaderName)
        case cookie([UInt8])
    }

    package let parts: [Part]
    /// Whether clients without the cookie receive one.
    let makesCookie: Bool

    package init(_ source: KeySource, makesCookie: Bool) {
        self.parts = source.parts.map { part in
            switch part {
            case .clientIP: .clientIP
            case .route: .route
            case .global: .global
            case .header(let name): .header(HeaderName(name))
            case .cookie(let name): .cookie(Array(name.utf8))
            }
        }
        self.makesCookie = makesCookie
    }
}
