"""Methods of both clients, made from the operations: blocking in ``Client``, awaited in ``AsyncClient``."""

from __future__ import annotations

from . import operations
from ._method import Method

__all__ = ["ClientMethods"]


class ClientMethods:
    """The operations of a server as methods."""

    # Who and where

    me = Method(operations.people.me)
    get_workspace = Method(operations.people.get_workspace)
    set_workspace = Method(operations.people.set_workspace)

    # Records

    load = Method(operations.records.load)
    update_record = Method(operations.records.update_record)
    delete_records = Method(operations.records.delete_records)

    # Datasets

    find_dataset = Method(operations.datasets.find_dataset)
    list_datasets = Method(operations.datasets.list_datasets)
    copy = Method(operations.datasets.copy)
    delete = Method(operations.datasets.delete)
    deleted_datasets = Method(operations.datasets.deleted_datasets)
    restore_dataset = Method(operations.datasets.restore_dataset)
    configure_dataset = Method(operations.datasets.configure_dataset)
    load_settings = Method(operations.datasets.load_settings)

    # Plans

    assign = Method(operations.plans.assign)
    plans = Method(operations.plans.plans)
    plan = Method(operations.plans.plan)
    apply_plan = Method(operations.plans.apply_plan)
    refresh_plan = Method(operations.plans.refresh_plan)
    plan_rows = Method(operations.plans.plan_rows)
    change_plan = Method(operations.plans.change_plan)

    # Work on a dataset

    progress = Method(operations.work.progress)
    hours = Method(operations.work.hours)
    my_work = Method(operations.work.my_work)
    explain = Method(operations.work.explain)
    events = Method(operations.work.events)
    audit = Method(operations.audit.audit)
    policies = Method(operations.work.policies)
    set_policies = Method(operations.work.set_policies)
    guidelines = Method(operations.work.guidelines)
    set_guidelines = Method(operations.work.set_guidelines)
    gather = Method(operations.work.gather)

    # The caller's queue

    next_records = Method(operations.queue.next_records)
    submit = Method(operations.queue.submit)
    skip = Method(operations.queue.skip)
    release = Method(operations.queue.release)

    # Agreement

    agreement = Method(operations.agreement.agreement)
    conflicts = Method(operations.agreement.conflicts)
    annotators = Method(operations.agreement.annotators)
    adjudicate = Method(operations.agreement.adjudicate)
    accept_consensus = Method(operations.agreement.accept_consensus)
    export = Method(operations.agreement.export)

    # People

    list_users = Method(operations.people.list_users)
    user_named = Method(operations.people.user_named)
    create_user = Method(operations.people.create_user)
    list_workspaces = Method(operations.people.list_workspaces)
    workspace_named = Method(operations.people.workspace_named)
    create_workspace = Method(operations.people.create_workspace)
    list_workspace_users = Method(operations.people.list_workspace_users)
    list_members = Method(operations.people.list_members)
    add_member = Method(operations.people.add_member)
    remove_member = Method(operations.people.remove_member)

    # Webhooks

    webhooks = Method(operations.webhooks.webhooks)
    webhook = Method(operations.webhooks.webhook)
    create_webhook = Method(operations.webhooks.create_webhook)
    change_webhook = Method(operations.webhooks.change_webhook)
    rotate_webhook_secret = Method(operations.webhooks.rotate_webhook_secret)
    delete_webhook = Method(operations.webhooks.delete_webhook)
    ping_webhook = Method(operations.webhooks.ping_webhook)
    webhook_deliveries = Method(operations.webhooks.webhook_deliveries)
    send_delivery_again = Method(operations.webhooks.send_delivery_again)

    # Metrics and labeling rules, as in 1.x

    dataset_metrics = Method(operations.metrics.dataset_metrics)
    get_metric = Method(operations.metrics.get_metric)
    compute_metric = Method(operations.metrics.compute_metric)
    fetch_dataset_labeling_rules = Method(operations.metrics.fetch_dataset_labeling_rules)
    add_dataset_labeling_rules = Method(operations.metrics.add_dataset_labeling_rules)
    update_dataset_labeling_rules = Method(operations.metrics.update_dataset_labeling_rules)
    delete_dataset_labeling_rules = Method(operations.metrics.delete_dataset_labeling_rules)
    rule_metrics_for_dataset = Method(operations.metrics.rule_metrics_for_dataset)
