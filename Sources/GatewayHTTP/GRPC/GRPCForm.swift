/// How a request uses gRPC, by its `Content-Type`.
package enum GRPCForm: UInt8, Sendable {
    /// Not at all.
    case none
    /// `application/grpc`, alone or with a message format such as `+proto`: statuses are in the trailers.
    case native
    /// `application/grpc-web` and `application/grpc-web-text`: statuses are in the head or at the end of the body.
    case web

    package init(contentType: UnsafeRawBufferPointer) {
        let type: StaticString = "application/grpc"
        let web: StaticString = "-web"
        let count = type.utf8CodeUnitCount
        guard contentType.count >= count,
            ByteClass.equalsIgnoringCase(UnsafeRawBufferPointer(type), .init(rebasing: contentType[..<count]))
        else {
            self = .none
            return
        }
        let rest = UnsafeRawBufferPointer(rebasing: contentType[count...])
        switch rest.first {
        case nil, UInt8(ascii: "+"), UInt8(ascii: ";"), 0x20, 0x09: self = .native
        default:
            let isWeb =
                rest.count >= web.utf8CodeUnitCount
                && ByteClass.equalsIgnoringCase(
                    UnsafeRawBufferPointer(web),
                    .init(rebasing: rest[..<web.utf8CodeUnitCount])
                )
            self = isWeb ? .web : .none
        }
    }
}

extension RequestHead {
    /// How the request uses gRPC. Requests without `Content-Type` are told by one bit.
    package var grpcForm: GRPCForm {
        guard let type = self.headers.first(.contentType) else { return .none }
        return self.headers.withBytes(type) { GRPCForm(contentType: $0) }
    }
}
