/// The middlewares of a plan, sorted by the phases that they take part in; each phase's array ascends by the place in
/// the whole list.
struct Chain {
    private(set) var requestHooks: ContiguousArray<RequestStep> = []
    private(set) var responseHooks: ContiguousArray<ResponseStep> = []
    private(set) var failureHooks: ContiguousArray<any FailureHook> = []
    private(set) var completionHooks: ContiguousArray<CompletionStep> = []
    private(set) var requestPlaces: ContiguousArray<Int> = []
    private(set) var responsePlaces: ContiguousArray<Int> = []
    private(set) var failurePlaces: ContiguousArray<Int> = []

    /// Adds the middleware at the next place of the list.
    mutating func append(_ middleware: any Middleware, at place: Int) {
        if let hook = middleware as? any RequestHook {
            self.requestHooks.append(RequestStep.of(hook))
            self.requestPlaces.append(place)
        }
        if let hook = middleware as? any ResponseHook {
            self.responseHooks.append(ResponseStep.of(hook))
            self.responsePlaces.append(place)
        }
        if let hook = middleware as? any FailureHook {
            self.failureHooks.append(hook)
            self.failurePlaces.append(place)
        }
        if let hook = middleware as? any CompletionHook { self.completionHooks.append(CompletionStep.of(hook)) }
    }
}

/// A request hook as the chain calls it. A call through an existential copies the whole middleware before it and counts
/// each of its references; a call through a class counts one.
class RequestStep {
    func request(_ exchange: Exchange) -> Decision { .next }

    fileprivate static func of(_ hook: some RequestHook) -> RequestStep { RequestStepOf(hook) }
}

private final class RequestStepOf<Hook: RequestHook>: RequestStep {
    private let hook: Hook
    init(_ hook: Hook) { self.hook = hook }
    override func request(_ exchange: Exchange) -> Decision { self.hook.request(exchange) }
}

/// A response hook as the chain calls it.
class ResponseStep {
    func response(_ exchange: Exchange) -> Decision { .next }

    fileprivate static func of(_ hook: some ResponseHook) -> ResponseStep { ResponseStepOf(hook) }
}

private final class ResponseStepOf<Hook: ResponseHook>: ResponseStep {
    private let hook: Hook
    init(_ hook: Hook) { self.hook = hook }
    override func response(_ exchange: Exchange) -> Decision { self.hook.response(exchange) }
}

/// A completion hook as the chain calls it.
class CompletionStep {
    func complete(_ exchange: Exchange, _ outcome: Outcome) {}

    fileprivate static func of(_ hook: some CompletionHook) -> CompletionStep { CompletionStepOf(hook) }
}

private final class CompletionStepOf<Hook: CompletionHook>: CompletionStep {
    private let hook: Hook
    init(_ hook: Hook) { self.hook = hook }
    override func complete(_ exchange: Exchange, _ outcome: Outcome) { self.hook.complete(exchange, outcome) }
}
