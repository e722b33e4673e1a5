package import GatewayHTTP
import GatewayHTTP1

/// The head fields that the settings of a route add or remove. Trailers and informational responses must not contain
/// them (RFC 9110 section 6.5.1).
package struct OwnedFields {
    package private(set) var request: [HeaderName] = []
    package private(set) var response: [HeaderName] = []

    package init() {}

    package mutating func own(request names: [HeaderName]) { self.request += names }
    package mutating func own(response names: [HeaderName]) { self.response += names }

    package mutating func own(_ other: OwnedFields) {
        self.own(request: other.request)
        self.own(response: other.response)
    }
}
