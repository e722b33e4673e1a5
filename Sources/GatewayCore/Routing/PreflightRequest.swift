import GatewayHTTP
import GatewayHTTP1

/// A preflight as routing sees it: the request that the browser wants to send.
package struct PreflightRequest<Base: RoutedRequest>: RoutedRequest {
    private let base: Base
    /// Empty to find a route regardless of its methods.
    package var method: UnsafeRawBufferPointer
    private let fields: UnsafeRawBufferPointer

    /// - Parameters:
    ///   - base: The preflight.
    ///   - method: The value of `Access-Control-Request-Method`.
    ///   - fields: The value of `Access-Control-Request-Headers`; empty if there is none.
    package init(_ base: Base, method: UnsafeRawBufferPointer, fields: UnsafeRawBufferPointer) {
        self.base = base
        self.method = method
        self.fields = fields
    }

    package var host: UnsafeRawBufferPointer { self.base.host }
    package var path: UnsafeRawBufferPointer { self.base.path }
    package var query: UnsafeRawBufferPointer { self.base.query }

    /// The preflight names the fields that the request will have, without their values. Any value is assumed to match.
    package func satisfies(_ condition: HeaderCondition) -> Bool {
        if self.base.satisfies(condition) { return true }
        var isNamed = false
        FieldList.forEachMember(of: self.fields) { if condition.isFor($0) { isNamed = true } }
        return isNamed
    }
}
