import { defineDatabaseErrors } from '../database/index.js';
import { ConflictError, ValidationError } from '../shared/index.js';

defineDatabaseErrors({
  loan_applications_one_open: (_, options) =>
    new ConflictError('loan-application.open-already', 'You have an open loan application already.', {}, options),
  loan_applications_not_decided_by_applicant: (_, options) =>
    new ValidationError('loan-application.own-decision', 'Nobody decides on an application of their own.', {}, options),
  loans_application_unique: (_, options) =>
    new ConflictError('loan.application-taken', 'There is a loan for this application already.', {}, options),
  loans_disbursement_unique: (_, options) =>
    new ConflictError('loan.disbursement-taken', 'This transaction paid out another loan.', {}, options),
  loan_payments_transaction_unique: (_, options) =>
    new ConflictError('loan-payment.transaction-taken', 'This transaction is a payment already.', {}, options),
});
