"""Why a new product is suggested: the product she buys that is nearest to it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from tenure.kernel.scipy_library import sparse
from tenure.predictions.next_purchase.assortment import Owned
from tenure.predictions.next_purchase.candidates import interests
from tenure.predictions.next_purchase.histories import Histories
from tenure.predictions.next_purchase.suggesting import Knowledge, Scored


def nearest_owned(histories: Histories, mine: Owned, known: Knowledge, best: Scored) -> pa.Array:
    """Return for each suggestion the id of the product that speaks most for it; null for none.

    Parameters
    ----------
    histories : the orders.
    mine : what each customer has bought.
    known : what the model knows.
    best : the suggestions; only new products get an answer.
    """
    width = len(known.products.ids)
    places = known.products.places(histories.products)[mine.product]
    weight = interests(histories, mine)
    used = (weight > 0) & (places >= 0)
    bought = sparse.csr_array(
        (weight[used], (mine.customer[used], places[used])),
        shape=(len(histories.customers), width),
    )
    answer = np.full(len(best.customer), -1)
    new = np.flatnonzero(~best.is_known)
    if len(new) and width:
        towards = sparse.csr_array(known.near.matrix(width).T)[best.product[new]]
        parts = sparse.csr_array(bought[best.customer[new]].multiply(towards))
        parts.sum_duplicates()
        row = np.repeat(np.arange(len(new)), np.diff(parts.indptr))
        order = np.lexsort((parts.indices, -parts.data, row))
        heads = np.unique(row[order], return_index=True)
        answer[new[heads[0]]] = parts.indices[order][heads[1]]
    return known.products.ids.take(pa.array(answer, mask=answer < 0))
