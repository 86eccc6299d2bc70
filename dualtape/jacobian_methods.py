"""The methods of `GradientTape` that answer Jacobians; what they do stands in `jacobians`, which is loaded then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from dualtape.signatures import BatchJacobianMethod, JacobianMethod

__all__ = ["Jacobians"]

# `Any`: targets and sources are arrays, variables or handles, as the signatures say.


class Jacobians:
    """The part of `GradientTape` that answers Jacobians."""

    if TYPE_CHECKING:
        jacobian: JacobianMethod
        batch_jacobian: BatchJacobianMethod
    else:

        def jacobian(
            self,
            target: Any,
            sources: Any,
            unconnected_gradients: Literal["zero", "none", "error"] = "zero",
            *,
            holomorphic: bool = False,
        ) -> Any:
            """Return the derivative of each of the target's entries in each entry of the sources.

            Args:
                target: a traced value of this tape, of any shape.
                sources: as for `gradient`.
                unconnected_gradients: as for `gradient`.
                holomorphic: says that the target is a holomorphic function of complex sources; it is checked.

            Returns:
                Arrays of shape `target.shape + source.shape`, in the structure of `sources`, of the sources' dtypes, or
                the complex ones of their precision where the target is complex.

            Raises:
                TypeError: if a source is complex, unless `holomorphic`.
                ValueError: if `holomorphic`, and the Cauchy-Riemann equations don't hold.
                UnrecordedTargetError, UnconnectedError, TapeError: as for `gradient`.

            Example:
                >>> import numpy as np
                >>> import dualtape as dt
                >>> x = dt.Variable([1.0, 2.0])
                >>> with dt.GradientTape() as tape:
                ...     y = np.outer(x, x)
                >>> tape.jacobian(y, x).shape
                (2, 2, 2)
            """
            from dualtape.jacobians import of_tape

            return of_tape(self, target, sources, unconnected_gradients, holomorphic)

        def batch_jacobian(
            self,
            target: Any,
            source: Any,
            unconnected_gradients: Literal["zero", "none", "error"] = "zero",
            *,
            holomorphic: bool = False,
        ) -> Any:
            """Return the Jacobian of each row of a target in the same row of a source.

            The rows must not depend on each other, as the samples of a batch do not: what is returned is the
            derivative of the sum of the target's rows.

            Args:
                target: a traced value of this tape, of shape (batch, ...).
                source: a variable, constant or traced value, of shape (batch, ...).
                unconnected_gradients: as for `gradient`.
                holomorphic: as for `jacobian`.

            Returns:
                An array of shape (batch, *target.shape[1:], *source.shape[1:]).

            Raises:
                ValueError: if the first axes differ.
                TypeError, UnrecordedTargetError, UnconnectedError, TapeError: as for `jacobian`.
            """
            from dualtape.jacobians import of_batch

            return of_batch(self, target, source, unconnected_gradients, holomorphic)
