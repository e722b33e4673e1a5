package import GatewayHTTP

/// The head of a response that is being fetched, for all that read it.
package final class FetchedHead: Sendable {
    package let status: Int
    package let fields: PreparedFields
    /// The length of the body as far as the head tells it.
    package let framing: BodyFraming
    /// How long the response may be reused; nil if it may not be stored.
    package let lifetime: ResponseLifetime?
    /// The status that the upstream sent: 304 if it has confirmed a stored response that may not be kept any more.
    package let upstreamStatus: Int
    /// Why the response is not stored, if that is worth telling: a token for `Cache-Status`.
    package let detail: StaticString?
    /// What selects the response among those of its URL.
    package let variant: Variant?

    package init(
        status: Int,
        fields: PreparedFields,
        framing: BodyFraming,
        lifetime: ResponseLifetime? = nil,
        upstreamStatus: Int? = nil,
        detail: StaticString? = nil,
        variant: Variant? = nil
    ) {
        self.status = status
        self.fields = fields
        self.framing = framing
        self.lifetime = lifetime
        self.upstreamStatus = upstreamStatus ?? status
        self.detail = detail
        self.variant = variant
    }
}
