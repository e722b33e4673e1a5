import GatewayHTTP1
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
    }

    init(
        name: String,
        chain: Chain,
        action: Action,
        forwarding: Forwarding,
        meters: RouteMeters,
        errors: ErrorFormat = ErrorFormat()
    ) {
        self.name = name
        self.nameBytes = Array(name.utf8)
        self.chain = chain
        self.action = action
        self.forwarding = forwarding
        self.meters = meters
        self.errors = errors
    }
}

/// The middlewares of a plan, sorted by the phases that they take part in; each phase's array ascends by the place in
/// the whole list.
struct Chain {
    var requestHooks: ContiguousArray<any RequestHook> = []
    var responseHooks: ContiguousArray<any ResponseHook> = []
    var failureHooks: ContiguousArray<any FailureHook> = []
    var completionHooks: ContiguousArray<any CompletionHook> = []
    private(set) var requestPlaces: ContiguousArray<Int> = []
    private(set) var responsePlaces: ContiguousArray<Int> = []
    private(set) var failurePlaces: ContiguousArray<Int> = []

    /// Adds the middleware at the next place of the list.
    mutating func append(_ middleware: any Middleware, at place: Int) {
        if let hook = middleware as? any RequestHook {
            self.requestHooks.append(hook)
            self.requestPlaces.append(place)
        }
        if let hook = middleware as? any ResponseHook {
            self.responseHooks.append(hook)
            self.responsePlaces.append(place)
        }
        if let hook = middleware as? any FailureHook {
            self.failureHooks.append(hook)
            self.failurePlaces.append(place)
        }
        if let hook = middleware as? any CompletionHook { self.completionHooks.append(hook) }
    }
}

@available(*, unavailable)
extension RoutePlan: Sendable {}
