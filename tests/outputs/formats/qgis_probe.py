"""Runs inside Debian's QGIS (its own Python): draw each layer of a GeoPackage and say what its legend says.

Usage: qgis_probe.py JOBS.json, a list of ``{"uri", "provider", "sld", "png"}``; `provider` is ``ogr`` unless given.
Without `sld` the stored default style
is taken. Prints a list of ``{"ok", "message", "features", "legend", "counts", "inked", "labels"}``.
"""

import json
import sys
from collections import Counter
from pathlib import Path

from qgis.core import (
    QgsApplication,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsRenderContext,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor


def probe(job):
    layer = QgsVectorLayer(job["uri"], "layer", job.get("provider", "ogr"))
    message, ok = layer.loadSldStyle(job["sld"]) if job.get("sld") else layer.loadDefaultStyle()
    renderer = layer.renderer()
    labels = {item.ruleKey(): item.label() for item in renderer.legendSymbolItems()}
    settings = settings_of(layer)
    return {
        "ok": bool(ok) and layer.isValid(),
        "message": message,
        "features": layer.featureCount(),
        "renderer": renderer.type(),
        "legend": [label for label in labels.values()],
        "counts": count(layer, renderer, labels, settings),
        "inked": draw(settings, job["png"]),
        "labels": layer.labelsEnabled(),
    }


def settings_of(layer):
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setOutputSize(QSize(900, 600))
    settings.setOutputDpi(96)
    settings.setBackgroundColor(QColor(255, 255, 255))
    settings.setDestinationCrs(layer.crs())
    extent = layer.extent()
    extent.grow(0.02)
    settings.setExtent(extent)
    return settings


def count(layer, renderer, labels, settings):
    """Count features by the label of the legend entry that draws them."""
    context = QgsRenderContext.fromMapSettings(settings)
    expressions = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    context.setExpressionContext(expressions)
    drawn = Counter()
    renderer.startRender(context, layer.fields())
    for feature in layer.getFeatures():
        context.expressionContext().setFeature(feature)
        for key in renderer.legendKeysForFeature(feature, context):
            drawn[labels.get(key, "?")] += 1
    renderer.stopRender(context)
    return dict(drawn)


def draw(settings, png):
    """Draw the map to a file; return how many of its pixels are not paper."""
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    image.save(png)
    paper = QColor(255, 255, 255).rgb()
    return sum(
        image.pixel(x, y) != paper for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)
    )


def main():
    QgsApplication.setPrefixPath("/usr", True)
    application = QgsApplication([], False)
    application.initQgis()
    jobs = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    print(json.dumps([probe(job) for job in jobs], ensure_ascii=False))
    application.exitQgis()


main()
