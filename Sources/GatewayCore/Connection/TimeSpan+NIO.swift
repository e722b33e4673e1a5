package import GatewaySettings
package import NIOCore

extension TimeAmount {
    package init(_ span: TimeSpan) { self = .nanoseconds(span.nanoseconds) }
}
