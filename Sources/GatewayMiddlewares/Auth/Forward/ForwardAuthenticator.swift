package import GatewayCore
import GatewayHTTP
import GatewaySettings
import NIOCore

/// Asks another service whether a request may pass, as `auth_request` of nginx and `ForwardAuth` of Traefik do.
///
/// A 2xx accepts the request. A 3xx or 4xx is the response to the client. Without either the request never passes.
package struct ForwardAuthenticator: Authenticator {
    /// The most that is read of a response body. The client does not receive more.
    private static let maxBody = 64 * 1024
    private let permission = ExchangeKey("auth.forward", initial: ForwardPermission.none)

    /// Nil while a configuration with errors is checked.
    private let client: OutboundClient?
    private let template: OutboundRequest
    private let request: ForwardRequest
    private let names: ForwardAnswer.Names
    private let consumers: Consumers
    /// Nil if nothing is remembered.
    private let cache: ForwardCacheOfWorker?
    package let identityFields: [String]

    package init(in context: inout BuildContext) {
        let settings = context.auth.forward ?? ForwardAuthConfiguration()
        if context.auth.forward == nil {
            context.fail(
                "\"forward\" needs [auth.forward], which is not there",
                suggestion: "add it with url = \"http://127.0.0.1:9000/auth\"",
                at: "any"
            )
        }
        self.client = context.outboundClient(to: ForwardAuthConfiguration.service)
        var template = OutboundRequest(
            .get,
            path: settings.url.path,
            timeout: TimeAmount(settings.timeout),
            maxBody: Self.maxBody
        )
        template.whenTooLarge = .truncate
        self.template = template
        self.request = ForwardRequest(copying: settings.requestHeaders.map { HeaderName($0) })
        self.names = ForwardAnswer.Names(settings)
        self.consumers = context.consumers
        self.identityFields = settings.responseHeaders
        self.cache = settings.cache > .zero ? ForwardCacheOfWorker.of(settings, in: context) : nil
    }

    /// What a browser needs in order to log in is in the response of the service.
    package var challenge: AuthenticationChallenge { AuthenticationChallenge("") }

    package func authenticate(_ exchange: Exchange) -> Authentication {
        guard let client = self.client else { return .unavailable(retryAfter: 1, reason: "not configured") }
        // The service might look at one, and the upstream at the other.
        if self.request.hasTwoCredentials(exchange) { return .malformed(reason: "there are two Authorization fields") }
        let key = self.cache.map { self.request.key(of: exchange, seed: $0.seed) }
        if let key, let grant = self.cache?.grant(for: key, at: exchange.now) {
            exchange[self.permission] = .remembered(grant)
            return .accepted(grant.caller)
        }
        let question = ForwardQuestion()
        exchange[self.permission] = .asked(question)
        var request = self.template
        let span = exchange.makeCallSpan()
        request.fields = self.request.fields(of: exchange, span: span)
        let pending = PendingAuthentication()
        pending.span = span
        let worker = exchange.worker
        let call = client.send(request) { result in
            switch ForwardAnswer(result, self.names) {
            case .granted(let answer):
                let grant = ForwardGrant(answer, caller: self.caller(named: answer.consumer))
                question.grant = grant
                if let key { self.cache?.remember(grant, for: key, at: worker.now) }
                pending.complete(.accepted(grant.caller))
            case .refused(let response): pending.complete(.answered(response))
            case .unavailable(let reason): pending.complete(.unavailable(retryAfter: 1, reason: reason))
            }
        }
        pending.whenAbandoned { call.cancel() }
        return .pending(pending)
    }

    private func caller(named name: String) -> Caller {
        // Requests without a name have nobody in common.
        let consumer = name.isEmpty ? Consumer(name: "", number: 0) : self.consumers.consumer(name)
        return Caller(consumer, name: name, kind: "forward")
    }

    /// Adds the fields for the upstream. The client's fields of these names have been removed.
    package func removeCredential(_ exchange: Exchange) {
        switch exchange[self.permission] {
        case .none: break
        case .remembered(let grant): exchange.request.headers.add(grant.upstreamFields)
        case .asked(let question):
            if let grant = question.grant { exchange.request.headers.add(grant.upstreamFields) }
        }
    }

    package func response(_ exchange: Exchange) {
        switch exchange[self.permission] {
        case .none: break
        // A cookie is set once. The client may have another one by now.
        case .remembered(let grant): exchange.response.headers.add(grant.clientFields)
        case .asked(let question):
            guard let grant = question.grant else { return }
            exchange.response.headers.add(grant.clientFields)
            guard !grant.cookies.fields.isEmpty else { return }
            exchange.response.headers.add(grant.cookies)
            exchange.response.keepFromSharedCaches()
        }
    }
}

/// What is known about whether one request may pass.
enum ForwardPermission {
    case none
    /// The service accepted the same request before.
    case remembered(ForwardGrant)
    /// The service is asked, or has been.
    case asked(ForwardQuestion)
}

/// A question to the service.
final class ForwardQuestion {
    /// Nil until the service has accepted the request.
    var grant: ForwardGrant?
}
