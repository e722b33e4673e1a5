import GatewayHTTP1
import GatewaySettings
import NIOCore

/// What a route was compiled to for one event loop. It never changes: a reload makes new plans, and an exchange keeps
/// the one it began with.
final class RoutePlan {
    let name: String
    let nameBytes: [UInt8]
    let chain: Chain
    let action: Action
    let forwarding: Forwarding
    let meters: RouteMeters
    let errors: ErrorFormat
    let owned: OwnedFields

    /// What stands at the bottom of the chain.
    enum Action {
        case upstream(any Upstream)
        case respond(Response)
        case redirect(PlaceholderTemplate, status: Int)
        /// No route took the request, or it was no request.
        case refuse
    }

    /// How a request is written for the upstream.
    struct Forwarding {
        var stripPrefix = PathPrefix()
        var rewrite: PathTemplate?
        var sendsOriginalPath = false
        var preservesHost = true
        var style = ForwardedStyle.xForwarded
    }

    init(
        name: String,
        chain: Chain,
        action: Action,
        forwarding: Forwarding,
        meters: RouteMeters,
        errors: ErrorFormat = ErrorFormat(),
        owned: OwnedFields = OwnedFields()
    ) {
        self.name = name
        self.nameBytes = Array(name.utf8)
        self.chain = chain
        self.action = action
        self.forwarding = forwarding
        self.meters = meters
        self.errors = errors
        self.owned = owned
    }
}

@available(*, unavailable)
extension RoutePlan: Sendable {}
