package import GatewayHTTP
package import NIOCore

/// Responses that a request hook writes straight into the exchange, which allocates nothing. A cache answers this way.
extension Exchange {
    /// Replaces the response with prepared fields and a whole body. The hook may then change the head, and returns
    /// ``Decision/answered``.
    ///
    /// - Parameter tellsLength: Whether the fields have the `Content-Length` of the body.
    package func fillAnswer(status: Int, _ fields: PreparedFields, _ body: ByteBuffer, tellsLength: Bool) {
        self.driver.dropResponse()
        self.response.fill(status: status, fields)
        self.response.setLength(body.readableBytes, answering: self.request.method, isTold: tellsLength)
        self.holdsBodies = true
        self.responseBody.held = body
        self.hasAnswer = true
    }

    /// Drops the answer, because the hook decides otherwise.
    package func dropAnswer() {
        self.hasAnswer = false
        self.responseBody.held = ByteBuffer()
    }

    /// Replaces the body of the answer with parts of it, which are written one after the other without a copy.
    package func replaceAnswer(with parts: [ByteBuffer]) {
        self.responseBody.held = ByteBuffer()
        guard self.request.method != .head else { return self.response.headers.remove(.contentLength) }
        let length = parts.reduce(0) { $0 + $1.readableBytes }
        self.response.setLength(length, answering: self.request.method)
        self.responseBody.source = BodyParts(parts)
    }
}

extension Decision {
    /// In a request hook: answer with what ``Exchange/fillAnswer(status:_:_:tellsLength:)`` wrote.
    package static var answered: Decision { .suspend }
}

extension ExchangeDriver {
    /// Climbs with the response that the request hook at `place` has filled. It counts as the upstream's, which sent it
    /// before.
    func climbWithAnswer(from place: Int) {
        let exchange = self.exchange
        exchange.hasAnswer = false
        exchange.stopWaiting()
        exchange.deadlines.endTry()
        self.dropUpstream()
        exchange.state.answered()
        exchange.origin = .upstream
        exchange.errorCode = nil
        if let source = exchange.responseBody.source {
            exchange.responseBody.source = nil
            let framing = exchange.response.framing
            self.insertIntoResponse(source)
            // Unlike other transforms, it does not change the length.
            if case .length(let length) = framing {
                exchange.response.setLength(length, answering: exchange.request.method)
            }
        }
        exchange.cursor.turn(from: place, among: exchange.plan.chain.responsePlaces)
        self.climb()
    }
}

extension ResponseHead {
    /// Replaces the head.
    fileprivate mutating func fill(status: Int, _ fields: PreparedFields) {
        self.headers.clear()
        self.status = status
        self.minorVersion = 1
        self.keepAlive = true
        self.connectionNamesFields = false
        self.headers.add(fields)
    }
}
