import GatewayHTTP1
package import GatewaySettings
import NIOCore

/// A route compiled for one event loop. A plan is immutable: a reload creates new plans, and an exchange keeps the plan
/// that it began with.
package final class RoutePlan {
    package let name: String
    package let nameBytes: [UInt8]
    /// The path of the route, as it is written; empty for requests without a route.
    package let path: String
    package let chain: Chain
    package let action: Action
    package let forwarding: Forwarding
    package let meters: RouteMeters
    package let errors: ErrorFormat
    package let owned: OwnedFields
    /// Whether the plan is for requests of the gateway itself: see ``below(_:)``.
    package let isInner: Bool
    /// Whether the chain answers CORS preflights for requests that have this plan.
    package let answersPreflights: Bool

    /// What happens at the bottom of the chain.
    package enum Action {
        case upstream(any Upstream)
        /// Several upstreams, each with a share of the requests.
        case split(UpstreamSplit)
        case respond(Response)
        case redirect(PlaceholderTemplate, status: Int)
        /// No route matches the request, or the request could not be read.
        case refuse
    }

    /// How a request is written for the upstream.
    package struct Forwarding {
        package var stripPrefix = PathPrefix()
        package var rewrite: PathTemplate?
        package var sendsOriginalPath = false
        package var preserveHost = PreserveHost.auto
        package var style = ForwardedStyle.xForwarded
        /// Whether requests may upgrade to a WebSocket.
        package var acceptsWebSockets = false

        package init(
            stripPrefix: PathPrefix = PathPrefix(),
            rewrite: PathTemplate? = nil,
            sendsOriginalPath: Bool = false,
            preserveHost: PreserveHost = .auto,
            style: ForwardedStyle = ForwardedStyle.xForwarded
        ) {
            self.stripPrefix = stripPrefix
            self.rewrite = rewrite
            self.sendsOriginalPath = sendsOriginalPath
            self.preserveHost = preserveHost
            self.style = style
        }
    }

    package init(
        name: String,
        chain: Chain,
        action: Action,
        forwarding: Forwarding,
        meters: RouteMeters,
        errors: ErrorFormat = ErrorFormat(),
        owned: OwnedFields = OwnedFields(),
        isInner: Bool = false,
        answersPreflights: Bool = false,
        path: String = ""
    ) {
        self.name = name
        self.path = path
        self.nameBytes = Array(name.utf8)
        self.chain = chain
        self.action = action
        self.forwarding = forwarding
        self.meters = meters
        self.errors = errors
        self.owned = owned
        self.isInner = isInner
        self.answersPreflights = answersPreflights
    }

    /// Returns the plan of requests that the gateway makes for itself: they run the part of the chain below `place`, and
    /// no completion hooks. Whoever made the request reports its errors.
    package func below(_ place: Int) -> RoutePlan {
        RoutePlan(
            name: self.name,
            chain: self.chain.below(place),
            action: self.action,
            forwarding: self.forwarding,
            meters: self.meters,
            errors: self.errors,
            owned: self.owned,
            isInner: true,
            path: self.path
        )
    }
}

extension PreserveHost {
    /// Whether a target receives the client's `Host`. A TLS server usually serves only the names of its certificate.
    ///
    /// - Parameter target: Nil for an upstream in this process.
    func applies(to target: UpstreamTarget?) -> Bool {
        switch self {
        case .auto: target?.isSecure != true
        case .always: true
        case .never: false
        }
    }
}

@available(*, unavailable)
extension RoutePlan: Sendable {}
